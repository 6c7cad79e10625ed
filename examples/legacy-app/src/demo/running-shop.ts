import type { INestApplication, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DataSource } from 'typeorm';
import { startTraffic, type Traffic } from '../traffic/start-traffic.js';

/** One instance of the shop with customers at the door. */
export class RunningShop {
  private constructor(
    readonly app: INestApplication,
    readonly url: string,
    private readonly traffic: Traffic,
  ) {}

  static async open(
    root: Type,
    prepare?: (dataSource: DataSource) => Promise<unknown>,
  ): Promise<RunningShop> {
    const app = await NestFactory.create(root, { logger: ['error', 'warn'] });
    await prepare?.(app.get(DataSource));
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    return new RunningShop(app, url, startTraffic(url, { seed: 7, concurrency: 4, ratePerSecond: 100 }));
  }

  get dataSource(): DataSource {
    return this.app.get(DataSource);
  }

  /** Requests answered so far, and those that the shop should have answered and did not. */
  soFar(): { requests: number; failures: { route: string; message: string }[] } {
    const { requests, failures } = this.traffic.report();
    return { requests, failures };
  }

  async close(): Promise<{ requests: number; failures: { route: string; message: string }[] }> {
    await this.traffic.stop();
    const report = this.soFar();
    await this.app.close();
    return report;
  }
}
