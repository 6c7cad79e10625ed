import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBackstoryForTenants } from '@backstory/adapter';
import type { DataSource } from 'typeorm';
import { runCommand } from '../../library/run-command.js';
import { asTenant, Invoice, tables, Tenancy } from './tenancy.js';
import commanded from './tenancy-data-source.js';

describe('commands for many tenants', () => {
  let tenancy: Tenancy;
  let dataSource: DataSource;

  beforeEach(async () => {
    tenancy = await Tenancy.create('acme', 'globex');
    dataSource = await tenancy.open();
    commanded.setOptions({ url: tenancy.url });
    await dataSource.query(
      `insert into acme.invoice (payer) values ('a'), ('b'); insert into globex.invoice (payer) values ('g')`,
    );
  });

  afterEach(() => tenancy.close());

  const run = (...argv: string[]) =>
    runCommand(...argv, '--data-source', join(__dirname, 'tenancy-data-source.ts'));
  const json = async (...argv: string[]): Promise<unknown> => JSON.parse((await run(...argv, '--json')).out);

  it('do all of them in one process, with a report each', async () => {
    const both = ['--tenants', 'acme,globex'];
    expect(await run('install', '--dry-run', ...both)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^acme:\nWould run .*invoice[^]*^globex:\nWould run/m),
    });
    expect(await run('verify', ...both)).toMatchObject({
      code: 2,
      err: expect.stringContaining('acme: failed:'),
    });
    expect(await run('doctor', ...both)).toMatchObject({ code: 2 });
    expect(await run('install', ...both)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/Installed\. Captured: invoice, line, note[^]*2 tenants, all done\.\n$/),
    });
    expect(await run('doctor', ...both)).toMatchObject({ code: 0 });
    await asTenant(dataSource, 'globex', (manager) => manager.insert(Invoice, { payer: 'h' }));
    const { code, err } = await run('backfill', ...both);
    expect([code, err]).toEqual([0, expect.stringMatching(/^acme: backfill invoice: 2\/2 rows, 2 events/m)]);
    expect(err).toMatch(/^globex: backfill invoice: .* 1 events/m);
    expect(await json('verify', ...both)).toMatchObject([
      { tenant: 'acme', exitCode: 0, result: { clean: true, aggregates: [{ rows: 2 }, {}, {}] } },
      { tenant: 'globex', exitCode: 0, result: { clean: true, aggregates: [{ rows: 2 }, {}, {}] } },
    ]);
    expect(await json('status', ...both)).toMatchObject([
      { tenant: 'acme', result: [{ category: 'invoice', stage: 'capture' }, {}, {}] },
      { tenant: 'globex' },
    ]);
    expect(await run('stage', 'invoice', 'shadow', ...both)).toMatchObject({ code: 0 });
    expect(await run('history', 'invoice', '1', '--tenants', 'acme')).toMatchObject({
      code: 0,
      out: expect.stringContaining('InvoiceCreated'),
    });
  });

  it('one that fails or has drifted keeps no other from its turn, and is named', async () => {
    await run('install', '--tenants', 'acme,globex');
    await run('backfill', '--tenants', 'acme,globex');
    await dataSource.query(
      `set session_replication_role = replica; update globex.invoice set payer = 'unseen'; set session_replication_role = origin`,
    );
    expect(await run('verify', '--tenants', 'globex,acme')).toMatchObject({
      code: 2,
      out: expect.stringMatching(/2 tenants; with something to settle: globex\.\n$/),
    });
    const { code, out, err } = await run('verify', '--tenants', 'nowhere,acme,globex', '--at-once', '1');
    expect(code).toBe(1);
    expect(err).toMatch(/^nowhere: failed: There is no schema "nowhere"/m);
    expect(out).toMatch(/^acme:\n[^]*Every replay equals its row/m);
    expect(out).toMatch(/3 tenants; failed: nowhere; with something to settle: globex\.\n$/);
    expect(await run('repair', '--tenants', 'globex')).toMatchObject({ code: 0 });
  });

  it('find the tenants by a query, by their tables, or in the configuration', async () => {
    await dataSource.query(`create schema half; create table half.invoice (id int primary key, payer text not null);
      create table shared.tenant (name text); insert into shared.tenant values ('globex')`);
    expect(await json('install', '--tenants-query', 'select name from shared.tenant')).toMatchObject([
      { tenant: 'globex', exitCode: 0 },
    ]);
    const all = await run('install', '--all-tenants');
    expect(all).toMatchObject({
      code: 0,
      err: expect.stringContaining('half is left out: it has no line, note'),
    });
    expect(all.out).toMatch(/^acme:[^]*^globex:/m);
    const folder = mkdtempSync(join(tmpdir(), 'backstory-tenants-'));
    try {
      const config = join(folder, 'backstory.config.cjs');
      writeFileSync(
        config,
        `module.exports = { tenants: async () => ['acme'], schema: (tenant) => 'log_of_' + tenant, aggregates: ['Invoice'] };`,
      );
      expect(await json('install', '--config', config)).toMatchObject([
        { tenant: 'acme', result: { captured: ['invoice'] } },
      ]);
      expect(await dataSource.query('select category from log_of_acme.aggregates')).toEqual([
        { category: 'invoice' },
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('all are those that have a history, too, whatever has become of their tables', async () => {
    await run('install', '--tenants', 'acme,globex');
    await run('backfill', '--tenants', 'acme,globex');
    await dataSource.query('drop table globex.note');
    expect(await json('verify', '--all-tenants')).toMatchObject([
      { tenant: 'acme', exitCode: 0, result: { clean: true } },
      { tenant: 'globex', exitCode: 2, result: { clean: false, unseen: [{ category: 'note' }] } },
    ]);
    await dataSource.query('drop schema globex cascade');
    expect(await run('verify', '--all-tenants')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^globex: failed: There is no schema "globex"/m),
      out: expect.stringMatching(/2 tenants; failed: globex\.\n$/),
    });
    await dataSource.query('drop schema backstory_globex cascade');
    expect(await run('verify', '--all-tenants')).toMatchObject({ code: 0 });
  });

  it('a new tenant is captured as the others are', async () => {
    const aggregates = [{ entity: 'Invoice', owns: ['lines'] }];
    await (await createBackstoryForTenants(dataSource, { tenants: ['acme'], aggregates })).close();
    await dataSource.query(tables('initech'));
    expect(await json('install', '--tenants', 'initech')).toMatchObject([
      { result: { captured: ['invoice'] } },
    ]);
    expect(await dataSource.query('select part from backstory_initech.aggregates order by 1')).toEqual([
      { part: '' },
      { part: 'lines' },
    ]);
  });

  it('what makes no sense is refused', async () => {
    const refusals = [
      ['status', '--tenants', 'acme', '--all-tenants'],
      ['status', '--tenants', ''],
      ['status', '--tenants', 'acme', '--schema', 'backstory'],
      ['status', '--tenants', 'acme', '--at-once', '0'],
      ['history', 'invoice', '1', '--tenants', 'acme,globex'],
      ['init', '--tenants', 'acme'],
    ];
    for (const refusal of refusals) {
      expect(await run(...refusal)).toMatchObject({ code: 1, err: expect.stringContaining('What to do:') });
    }
  });
});
