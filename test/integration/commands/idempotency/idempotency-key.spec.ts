import { type Backstory } from '@backstory/adapter';
import { BACKSTORY } from '@backstory/nest-module';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ExpressAdapter } from '@nestjs/platform-express';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { asked, type Purse, purseShop } from './purse-shop.js';

interface Answer {
  readonly status: number;
  readonly body: Purse & { message?: string };
}

let url: string;

async function post(path: string, body: object, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-user': 'anna', ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

const keyed = (key: string = randomUUID()): { 'idempotency-key': string } => ({ 'idempotency-key': key });

describe.each([
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
])('a request with an Idempotency-Key, by %s', (_, adapter) => {
  let database: TestDatabase;
  let app: INestApplication;
  let backstory: Backstory;

  beforeAll(async () => {
    database = await createTestDatabase();
    app = await NestFactory.create(purseShop(database.url), adapter(), { logger: false });
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
    backstory = app.get<Backstory>(BACKSTORY);
  });

  afterAll(async () => {
    expect(await backstory.verify()).toMatchObject({ clean: true });
    await app.close();
    await database.drop();
  });

  const open = async (): Promise<number> => (await post('/purses', { owner: 'anna' }, keyed())).body.id;
  const events = async (id: number): Promise<number> => (await backstory.history('Purse', String(id))).length;

  it('has the first answer however often it is sent, whatever has happened since', async () => {
    const id = await open();
    const key = keyed();
    const first = await post(`/purses/${id}/spend`, { cents: 10 }, key);
    expect(first).toMatchObject({ status: 201, body: { id, cents: 990 } });
    await post(`/purses/${id}/spend`, { cents: 100 }, keyed());
    expect(await post(`/purses/${id}/spend`, { cents: 10 }, key)).toEqual(first);
    expect(await events(id)).toBe(3);
  });

  it('is handled once where eight are sent at once, and all have the same answer', async () => {
    const id = await open();
    const key = keyed();
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => post(`/purses/${id}/spend`, { cents: 10 }, key)),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(
      new Set([JSON.stringify({ status: 201, body: { id, owner: 'anna', cents: 990 } })]),
    );
    expect(await events(id)).toBe(2);
    const opened = keyed();
    const purses = await Promise.all(
      Array.from({ length: 8 }, () => post('/purses', { owner: 'bert' }, opened)),
    );
    expect(new Set(purses.map(({ body }) => body.id)).size).toBe(1);
  });

  it('is another one for somebody else, and for another path', async () => {
    const [one, other] = [await open(), await open()];
    const key = keyed();
    await post(`/purses/${one}/spend`, { cents: 10 }, key);
    expect(await post(`/purses/${one}/spend`, { cents: 10 }, { ...key, 'x-user': 'eve' })).toMatchObject({
      body: { cents: 980 },
    });
    expect(await post(`/purses/${other}/spend`, { cents: 10 }, key)).toMatchObject({ body: { cents: 990 } });
  });

  it('is refused with 422 where the key was sent with something else', async () => {
    const id = await open();
    const key = keyed();
    await post(`/purses/${id}/spend`, { cents: 10, note: 'x' }, key);
    const before = asked();
    for (const [path, body] of [
      ['', { cents: 11, note: 'x' }],
      ['', { cents: 10 }],
      ['?now=1', { cents: 10, note: 'x' }],
    ] as const) {
      const refused = await post(`/purses/${id}/spend${path}`, body, key);
      expect(refused).toMatchObject({
        status: 422,
        body: { message: expect.stringContaining('sent before') },
      });
    }
    expect(asked()).toBe(before);
    // the order of properties says nothing
    expect(await post(`/purses/${id}/spend`, { note: 'x', cents: 10 }, key)).toMatchObject({
      status: 201,
      body: { cents: 990 },
    });
  });

  it('beside another one with the same key and another body: one of them is handled, the other refused', async () => {
    const id = await open();
    const key = keyed();
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_each, n) => post(`/purses/${id}/spend`, { cents: n < 4 ? 10 : 20 }, key)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 201, 201, 422, 422, 422, 422]);
    expect(await events(id)).toBe(2);
  });

  it('needs a key, unless it is said that it does not', async () => {
    const id = await open();
    expect(await post(`/purses/${id}/spend`, { cents: 10 })).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining('needs a header Idempotency-Key') },
    });
    const twice = [await post('/purses/for-anybody', {}), await post('/purses/for-anybody', {})];
    expect(twice[0]?.body.id).not.toBe(twice[1]?.body.id);
    const key = keyed();
    const same = [await post('/purses/for-anybody', {}, key), await post('/purses/for-anybody', {}, key)];
    expect(same[0]?.body.id).toBe(same[1]?.body.id);
  });

  it.each(['', '"', 'a, b', 'x'.repeat(256), '"a" b'])('is refused with 400 for the key %j', async (key) => {
    const refused = await post(`/purses/1/spend`, { cents: 10 }, keyed(key));
    expect(refused).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining('must be one text of 1 to 255') },
    });
  });

  it('takes a key in quotes, as the draft has it, for the same', async () => {
    const id = await open();
    const key = randomUUID();
    const first = await post(`/purses/${id}/spend`, { cents: 10 }, keyed(`"${key}"`));
    expect(await post(`/purses/${id}/spend`, { cents: 10 }, keyed(key))).toEqual(first);
  });

  it('is an error of the application where nobody says who makes it', async () => {
    const id = await open();
    const answer = await post(`/purses/${id}/spend`, { cents: 10 }, { ...keyed(), 'x-user': '' });
    expect(answer.status).toBe(500);
    expect(await events(id)).toBe(1);
  });

  it('is handled anew where it has failed', async () => {
    const id = await open();
    const key = keyed();
    expect((await post(`/purses/${id}/spend`, { cents: 2000 }, key)).status).toBe(500);
    expect((await post(`/purses/${id}/spend`, { cents: 2000 }, key)).status).toBe(500);
    expect(await events(id)).toBe(1);
  });

  it('keeps nothing of the key and of what was asked but hashes', async () => {
    const rows = await commands();
    expect(rows.length).toBeGreaterThan(0);
    for (const { id, fingerprint } of rows) {
      expect(id).toMatch(/^idempotency-key [\w-]{43}$/);
      expect(fingerprint).toMatch(/^[\w-]{43}$/);
    }
  });

  async function commands(): Promise<{ id: string; fingerprint: string }[]> {
    return app.get(DataSource).query('select id, fingerprint from backstory.commands');
  }
});

describe('a request whose process dies between commit and answer', () => {
  it('has the answer when it is sent again, and is handled once', async () => {
    const database = await createTestDatabase();
    const key = keyed();
    const dying = start(database.url, { DIE_BEFORE_ANSWER: '1' });
    url = await addressOf(dying);
    await expect(post('/purses', { owner: 'anna' }, key)).rejects.toThrow();
    await once(dying, 'close');
    const next = await NestFactory.create(purseShop(database.url), { logger: false });
    await next.listen(0, '127.0.0.1');
    url = await next.getUrl();
    const answer = await post('/purses', { owner: 'anna' }, key);
    expect(answer).toMatchObject({ status: 201, body: { id: 1, owner: 'anna', cents: 1000 } });
    const spend = keyed();
    expect(await post('/purses', { owner: 'anna' }, key)).toEqual(answer);
    expect(await post('/purses/1/spend', { cents: 1 }, spend)).toMatchObject({ body: { cents: 999 } });
    expect(await next.get<Backstory>(BACKSTORY).history('Purse', '1')).toHaveLength(2);
    await next.close();
    await database.drop();
  });

  function start(database: string, environment: Record<string, string>): ChildProcess {
    const files = ['../../../typescript-process.cjs', 'purse-process.ts'].map((file) =>
      join(__dirname, file),
    );
    return spawn(process.execPath, ['-r', ...files], {
      env: { ...process.env, PURSE_URL: database, ...environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  }

  async function addressOf({ stdout }: ChildProcess): Promise<string> {
    const [told] = (await once(stdout?.setEncoding('utf8') as NodeJS.EventEmitter, 'data')) as [string];
    return told.trim();
  }
});
