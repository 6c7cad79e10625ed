import { createBackstory, installBackstory, onEvent } from '@backstory/adapter';
import { aggregates, Tenants } from './tenants.js';

const deletions = `select category, stream_id from backstory.events where change = 'd'`;

describe("policies on Backstory's own tables", () => {
  let tenants: Tenants;

  beforeAll(async () => {
    tenants = await Tenants.prepare();
    await (await createBackstory(tenants.admin, { aggregates })).close();
    await tenants.grantToClerk();
  });

  afterAll(() => tenants.drop());

  it('keep a role that they apply to from starting, and stop a consumer that has started', async () => {
    const dataSource = await tenants.as(tenants.clerk);
    const warnings: string[] = [];
    const backstory = await createBackstory(dataSource, {
      aggregates,
      install: 'check',
      logger: { log: () => undefined, warn: (text) => warnings.push(text) },
    });
    const seen: string[] = [];
    backstory.consumers.define({
      name: 'seen',
      from: 'beginning',
      handlers: [onEvent({ categories: 'all' }, ({ streamId }) => void seen.push(streamId))],
    });
    await backstory.consumers.start();
    await tenants.sql(
      `alter table backstory.events enable row level security; create policy most on backstory.events using (stream_id <> '20')`,
    );
    await tenants.sql(`insert into memo values (20, 'a', 'hidden'), (21, 'a', 'seen')`);
    const until = Date.now() + 10_000;
    while (!warnings.some((text) => text.includes('Row-level security of backstory.events'))) {
      if (Date.now() > until) throw new Error(`only said: ${warnings.join('; ')}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(seen).toEqual([]);
    expect(await backstory.doctor()).toContainEqual(
      expect.objectContaining({ severity: 'fault', problem: expect.stringContaining('backstory.events') }),
    );
    await expect(
      createBackstory(await tenants.as(tenants.clerk), { aggregates, install: 'check' }),
    ).rejects.toMatchObject({ code: 'ROWS_HIDDEN' });
    await tenants.sql('alter table backstory.events disable row level security');
    while (seen.length < 2) {
      if (Date.now() > until + 10_000) throw new Error('the consumer did not go on');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(seen).toEqual(['20', '21']);
    await backstory.close();
  });

  it('a migration that installs sees afterwards what it would have seen', async () => {
    const runner = (await tenants.as(tenants.owner)).createQueryRunner();
    await tenants.sql('drop schema backstory cascade');
    await runner.startTransaction();
    await installBackstory(runner, { aggregates: ['Memo'] });
    expect(await runner.query('show row_security')).toEqual([{ row_security: 'on' }]);
    await runner.commitTransaction();
    await runner.release();
  });
});

describe('a table that was made again, with rows that are hidden', () => {
  it('is not settled by a role that does not see it: no stream ends, and one that does settles it', async () => {
    const tenants = await Tenants.prepare({ forced: true });
    const owner = await tenants.as(tenants.owner);
    const options = { aggregates: ['Note'] };
    await (await createBackstory(owner, options)).close();
    const before = await createBackstory(tenants.admin, options);
    await before.backfill();
    await before.close();
    await tenants.sql(
      `drop table note; set role ${tenants.owner};
       create table note (id int primary key, tenant text not null, body text not null);
       insert into note select i, 'b', 'again' from generate_series(1, 9) i;
       alter table note enable row level security; alter table note force row level security;
       create policy by_tenant on note using (tenant = 'a'); reset role`,
    );
    await expect(createBackstory(owner, options)).rejects.toMatchObject({ code: 'ROWS_HIDDEN' });
    expect(await tenants.sql(deletions)).toEqual([]);
    const seeing = await createBackstory(tenants.admin, options);
    expect(await tenants.sql(deletions)).toEqual([{ category: 'note', stream_id: '10' }]);
    expect(await seeing.verify()).toMatchObject({ clean: true, aggregates: [{ rows: 9 }] });
    await seeing.close();
    await (await createBackstory(owner, options)).close();
    await tenants.drop();
  });
});

describe('a role that may not read a table or a column', () => {
  it('hears which, and from doctor before', async () => {
    const tenants = await Tenants.prepare();
    await (await createBackstory(tenants.admin, { aggregates })).close();
    await tenants.grantToClerk();
    await tenants.sql(
      `alter table note disable row level security; revoke select on note, memo from ${tenants.clerk};
       grant select (id, tenant) on note to ${tenants.clerk}`,
    );
    const backstory = await createBackstory(await tenants.as(tenants.clerk), {
      aggregates,
      install: 'check',
    });
    await expect(backstory.backfill({ aggregates: ['note'] })).rejects.toMatchObject({
      code: 'RIGHTS_MISSING',
      message: expect.stringContaining(`Role "${tenants.clerk}" lacks SELECT (body) on note`),
      remedy: expect.stringContaining(`GRANT SELECT (body) ON note TO "${tenants.clerk}";`),
    });
    await expect(backstory.verify({ aggregates: ['memo'] })).rejects.toMatchObject({
      code: 'RIGHTS_MISSING',
      message: expect.stringContaining('lacks SELECT on memo'),
    });
    await tenants.sql(
      `grant select on memo to ${tenants.clerk}; revoke update on memo from ${tenants.clerk}`,
    );
    expect(await backstory.verify({ aggregates: ['memo'] })).toMatchObject({ unseen: [] });
    await expect(backstory.backfill({ aggregates: ['memo'] })).rejects.toMatchObject({
      code: 'RIGHTS_MISSING',
      message: expect.stringContaining('lacks UPDATE on memo'),
    });
    await tenants.sql(`revoke select on memo from ${tenants.clerk}`);
    expect((await backstory.verify()).unseen.map(({ category }) => category).sort()).toEqual([
      'memo',
      'note',
      'order',
    ]);
    const hints = (await backstory.doctor()).filter(({ problem }) => problem.includes('may not read'));
    expect(hints.map(({ problem }) => /may not read (.*) of/.exec(problem)?.[1])).toEqual([
      'body',
      'id, tenant, body',
    ]);
    await backstory.close();
    await tenants.drop();
  });
});
