import 'reflect-metadata';
import { Backstory, type TenantBackstories } from '@backstory/adapter';
import { Injectable } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Module } from '@nestjs/common';
import {
  Aggregates,
  BACKSTORY,
  BackstoryHealthIndicator,
  BackstoryModule,
  getBackstoryToken,
  InjectAggregates,
  InjectBackstory,
  InjectTenants,
  OnEvent,
} from '../index.js';
import { BackstoryTestingModule } from './index.js';

class Order {
  id: number;
}

@Injectable()
class ShippingService {
  constructor(
    @InjectBackstory() readonly backstory: Backstory,
    @InjectAggregates(Order) readonly orders: Aggregates<Order>,
    @InjectTenants() readonly tenants: TenantBackstories,
    readonly health: BackstoryHealthIndicator,
  ) {}

  @OnEvent('OrderShipped')
  shipped(): void {
    throw new Error('Nobody calls it.');
  }
}

@Module({
  imports: [BackstoryTestingModule.forRoot({ entities: [Order] })],
  providers: [ShippingService],
})
class ShippingModule {}

@Module({
  imports: [
    BackstoryTestingModule.forRoot(),
    BackstoryTestingModule.forRoot({ dataSource: 'audit' }),
    BackstoryModule.forFeature([Order]),
  ],
  providers: [ShippingService],
})
class FeatureModule {}

describe('a module in the place of BackstoryModule', () => {
  it.each([['for entities', ShippingModule] as const, ['beside forFeature', FeatureModule] as const])(
    'gives everything that is injected, %s',
    async (_name, module) => {
      const app = await NestFactory.createApplicationContext(module, {
        logger: ['error'],
        abortOnError: false,
      });
      await app.init();
      const { backstory, orders, tenants, health } = app.get(ShippingService);
      expect(backstory).toBeInstanceOf(Backstory);
      expect(app.get(BACKSTORY)).toBe(backstory);
      await expect(orders.handle(1, () => undefined)).rejects.toMatchObject({ code: 'NO_DATABASE' });
      await expect(orders.history(1)).rejects.toMatchObject({ code: 'NO_DATABASE' });
      expect(await tenants.of('acme')).toBeInstanceOf(Backstory);
      expect(await health.check()).toMatchObject({ backstory: { status: 'down' } });
      await app.close();
    },
  );

  it('has one for each DataSource, and each module its own', async () => {
    const open = () => NestFactory.createApplicationContext(FeatureModule, { logger: false });
    const [first, second] = [await open(), await open()];
    expect(first.get(getBackstoryToken('audit'))).not.toBe(first.get(BACKSTORY));
    expect(first.get(BACKSTORY)).not.toBe(second.get(BACKSTORY));
    await Promise.all([first.close(), second.close()]);
  });
});
