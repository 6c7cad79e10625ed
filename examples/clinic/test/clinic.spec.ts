import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Backstory } from '@backstory/adapter';
import { getBackstoryToken } from '@backstory/nest-module';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
// compiled: vitest's own compiler leaves out the types by which TypeORM knows its columns
import { AppModule } from '../dist/app.module.js';
import dataSource from '../dist/data-source.js';

/** Runs the command line as operators do. */
async function backstory(...args: string[]): Promise<string> {
  const application = ['--data-source', 'dist/data-source.js', '--config', 'dist/backstory.config.js'];
  const { stdout } = await promisify(execFile)('npx', ['backstory', ...args, ...application]);
  return stdout;
}

describe('the clinic, with a history', () => {
  let app: NestFastifyApplication;
  let early: string;

  beforeAll(async () => {
    await dataSource.initialize();
    await dataSource.runMigrations({ transaction: 'each', fake: false });
    // somebody who was there before anything was captured
    await dataSource.query(`alter table patients disable trigger user;
      insert into patients (name, born_on, version) values ('Early', '1950-01-01', 1);
      alter table patients enable trigger user`);
    [{ id: early }] = await dataSource.query(`select id from patients where name = 'Early'`);
    await dataSource.destroy();
    app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), {
      logger: false,
    });
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
  }, 60_000);

  afterAll(() => app?.close());

  async function call(
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    url: string,
    payload?: object,
  ): Promise<any> {
    const { body } = await app.inject({ method, url, ...(payload && { payload }) });
    return body === '' ? undefined : JSON.parse(body);
  }

  const history = async (category: string, id: string): Promise<[string, unknown][]> => {
    const events = await app.get<Backstory>(getBackstoryToken()).history(category, id);
    return events.map(({ type, data }) => [type, data]);
  };

  it('captures what its routes write, parts and bulk statements too', async () => {
    const ada = await call('POST', '/patients', { name: 'Ada', bornOn: '1990-01-02' });
    await call('PATCH', `/patients/${ada.id}`, { allergies: ['nuts'] });
    expect(await history('patient', ada.id)).toEqual([
      [
        'PatientCreated',
        expect.objectContaining({ id: ada.id, name: 'Ada', bornOn: '1990-01-02', version: 1 }),
      ],
      ['PatientUpdated', { allergies: '{nuts}', version: 2 }],
    ]);

    const visit = await call('POST', '/appointments', {
      patientId: ada.id,
      startsAt: '2026-05-04T08:00:00Z',
    });
    const { prescriptions } = await call('POST', `/appointments/${visit.id}/prescriptions`, {
      drug: 'x',
      doseMg: '2.50',
    });
    expect(await call('POST', '/appointments/close-day/2026-05-04')).toEqual({ closed: 1 });
    const events = await history('appointment', visit.id);
    expect(events.map(([type]) => type)).toEqual([
      'AppointmentCreated',
      'PrescriptionCreated',
      'AppointmentUpdated',
    ]);
    expect(events[1]?.[1]).toMatchObject({
      prescriptions: { [prescriptions[0].id]: { drug: 'x', doseMg: '2.50' } },
    });
    expect(events[2]?.[1]).toEqual({ status: 'cancelled' });

    await call('DELETE', `/patients/${ada.id}`);
    // the foreign keys take the appointment along, and that its prescriptions
    const types = (await history('appointment', visit.id)).map(([type]) => type);
    expect(types.slice(-2)).toEqual(['AppointmentDeleted', 'PrescriptionDeleted']);
  });

  it('is backfilled, proven, and answers the same from its events', async () => {
    await backstory('backfill');
    expect(await history('patient', early)).toEqual([
      ['PatientCreated', expect.objectContaining({ name: 'Early' })],
    ]);
    expect(await backstory('verify')).toContain('Every replay equals its row.');
    const visit = await call('POST', '/appointments', { patientId: early, startsAt: '2026-06-01T10:00:00Z' });
    await call('POST', `/appointments/${visit.id}/prescriptions`, { drug: 'y', doseMg: '10.00' });
    const answers = async (): Promise<unknown[]> => [
      await call('GET', `/patients/${early}`),
      await call('GET', '/patients'),
      await call('GET', `/appointments/${visit.id}`),
    ];
    const before = await answers();
    await backstory('stage', '--all', 'replay', '--force', '--reason', 'a test has no week to wait');
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await answers()).toEqual(before);
    expect(await backstory('status')).toMatch(/patient +replay/);
    await backstory('stage', '--all', 'capture', '--reason', 'the way back');
  });

  it('leaves its sessions out', async () => {
    await app
      .get<DataSource>(getDataSourceToken())
      .query(`insert into sessions (token, user_name) values ('t', 'anna')`);
    expect(await backstory('status')).not.toContain('session');
  });
});
