import { join } from 'node:path';
import { runCommand } from '../../library/run-command.js';
import { openShop, Order, OrderPaid, type Shop } from '../commands/shop.js';

describe('stage events on the command line', () => {
  let shop: Shop;
  const run = (...words: string[]): ReturnType<typeof runCommand> =>
    runCommand(...words, '--data-source', join(__dirname, '../commands/shop-data-source.ts'));

  beforeAll(async () => {
    shop = await openShop();
    await shop.backstory.backfill();
    process.env['SHOP_URL'] = shop.url;
  });

  afterAll(() => shop.close());

  it('moves, closes and opens, and says who writes without a command', async () => {
    const { backstory, dataSource } = shop;
    await backstory.stages.set('order', 'replay', { force: true });
    await dataSource.manager.update(Order, 2, { status: 'x' });
    // without commands there is nothing to compare with
    expect((await run('status')).out).not.toContain('not by commands');
    expect(await run('stage', 'order', 'events', '--dry-run')).toMatchObject({
      code: 1,
      out: expect.stringContaining('it has not been verified since it moved to replay') as string,
    });
    await run('verify', 'order');
    expect(await run('stage', 'order', 'events', '--by', 'ops')).toMatchObject({
      code: 0,
      out: 'order: replay → events: everybody may write\n',
    });
    await backstory.handle(Order, 1, () => new OrderPaid({ method: 'card' }));
    await backstory.runInContext({ job: 'nightly', actor: 'cron' }, () =>
      dataSource.manager.update(Order, 2, { status: 'y' }),
    );
    expect((await run('status')).out).toMatch(
      /\norder: 1 of 2 events \(50\.0 %\) not by commands since \S+Z\n {2}1× OrderUpdated, without a command, job nightly, last \S+\n/,
    );
    expect((await run('status', '--since', '2020-01-01', '--newest', '1')).out).toMatch(
      /order: 1 of 1 events \(100\.0 %\) not by commands since \S+Z, which is as far back as was looked\n/,
    );
    const { role } = (await dataSource.query<{ role: string }[]>(`select current_user as role`))[0] as {
      role: string;
    };
    expect((await run('stage', 'order', 'events', '--residual', 'refuse', '--roles', role)).out).toBe(
      `order: events → events: writes of ${role} without a command are refused\n`,
    );
    expect((await run('status')).out).toContain(`; writes of ${role} without a command are refused\n`);
    expect((await run('stage', 'order', '--history')).out).toMatch(
      new RegExp(`events \\(writes of ${role} without a command are refused\\)`),
    );
    await expect(dataSource.manager.update(Order, 2, { status: 'z' })).rejects.toMatchObject({
      code: '23001',
    });
    expect((await run('stage', 'order', 'events', '--residual', 'allow')).code).toBe(0);
    await dataSource.manager.update(Order, 2, { status: 'z' });
    expect(JSON.parse((await run('status', '--json')).out)).toContainEqual(
      expect.objectContaining({
        category: 'order',
        stage: 'events',
        residual: expect.objectContaining({ policy: 'allow', explained: 1, captured: 2 }) as object,
      }),
    );
  });

  it.each([
    [['stage', 'order', '--residual', 'refuse'], /--residual is given without a stage/],
    [['stage', 'order', 'events', '--residual', 'deny'], /--residual "deny" is not known/],
    [['stage', 'order', 'events', '--roles', 'a'], /--roles is given without "--residual refuse"/],
    [['stage', 'order', 'replay', '--residual', 'refuse'], /Only stage events has "residual"/],
    [['stage', 'order', 'events', '--residual', 'refuse', '--roles', 'no such'], /no role "no such"/],
    [['status', '--since', 'yesterday'], /--since yesterday is no time/],
    [['status', '--newest', '0'], /--newest/],
  ])('refuses %j', async (words, message) => {
    expect(await run(...words)).toMatchObject({ code: 1, err: expect.stringMatching(message) as string });
  });
});
