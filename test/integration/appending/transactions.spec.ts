import {
  BackstoryError,
  eventInstance,
  type RecordedEvent,
  runInContext,
  withEvent,
} from '@backstory/adapter';
import { DataSource } from 'typeorm';
import { Basket, type Depot, expectSound, linesOf, NoteTaken, openDepot, Parcel } from './parcels.js';

describe('events of the application’s own', () => {
  let depot: Depot;
  let append: Depot['append'];

  beforeEach(async () => {
    depot = await openDepot();
    ({ append } = depot);
  });

  afterEach(async () => {
    await expectSound(depot);
    await depot.close();
  });

  describe('and transactions', () => {
    it('go with a rolled back one, and with a savepoint', async () => {
      const { dataSource, backstory } = depot;
      await backstory.backfill();
      for (const [entity, category] of [
        [Parcel, 'parcel'],
        [Basket, 'basket'],
      ] as const) {
        const failing = dataSource.transaction(async (manager) => {
          await backstory.append(manager, entity, 1, new NoteTaken('lost'));
          await backstory.append(manager, 'newsletter', 'w', new NoteTaken('lost'));
          throw new Error('rolled back');
        });
        await expect(failing).rejects.toThrow('rolled back');
        await dataSource.transaction(async (manager) => {
          await backstory.append(manager, entity, 1, new NoteTaken('kept'));
          await manager
            .transaction(async (nested) => {
              await backstory.append(nested, entity, 1, new NoteTaken('lost'));
              throw new Error('savepoint');
            })
            .catch(() => undefined);
          await backstory.append(manager, entity, 1, new NoteTaken('kept too'));
        });
        expect((await linesOf(backstory, category, '1')).slice(1)).toEqual([
          '2 NoteTaken {"text":"kept"}',
          '3 NoteTaken {"text":"kept too"}',
        ]);
      }
      expect(await backstory.history('newsletter', 'w')).toEqual([]);
    });

    it('are refused without one, and with a manager of another DataSource', async () => {
      const { dataSource, backstory, url } = depot;
      await expect(backstory.append(dataSource.manager, Parcel, 1, new NoteTaken('x'))).rejects.toMatchObject(
        {
          code: 'APPEND_OUTSIDE_TRANSACTION',
        },
      );
      const runner = dataSource.createQueryRunner();
      await expect(backstory.append(runner.manager, Parcel, 1, new NoteTaken('x'))).rejects.toMatchObject({
        code: 'APPEND_OUTSIDE_TRANSACTION',
      });
      await runner.startTransaction();
      await backstory.append(runner.manager, Parcel, 1, new NoteTaken('x'));
      await runner.commitTransaction();
      await runner.release();
      const other = await new DataSource({ type: 'postgres', url, entities: [] }).initialize();
      await expect(
        other.transaction((manager) => backstory.append(manager, Parcel, 1, new NoteTaken('x'))),
      ).rejects.toThrow(/another DataSource/);
      await other.destroy();
      expect(await backstory.history('parcel', '1')).toHaveLength(2);
    });

    it.each(['REPEATABLE READ', 'SERIALIZABLE'] as const)(
      'of %s fail to serialize behind others',
      async (level) => {
        const { dataSource, backstory } = depot;
        await backstory.backfill();
        for (const [entity, id] of [
          [Parcel, 1],
          [Basket, 1],
          ['newsletter', 'w'],
        ] as const) {
          const late = dataSource.transaction(level, async (manager) => {
            await manager.query('select from parcel');
            await append(entity, id, new NoteTaken('first'));
            await backstory.append(manager, entity, id, new NoteTaken('late'));
          });
          await expect(late).rejects.toMatchObject({ code: '40001' });
          await dataSource.transaction(level, (manager) =>
            backstory.append(manager, entity, id, new NoteTaken('then')),
          );
        }
        // and a change of a row whose stream somebody has appended to
        const update = dataSource.transaction(level, async (manager) => {
          await manager.query('select from parcel');
          await append(Parcel, 2, new NoteTaken('first'));
          await manager.update(Parcel, { id: 2 }, { status: 'sent' });
        });
        await expect(update).rejects.toMatchObject({ code: '40001' });
      },
    );
  });

  describe('their context', () => {
    it('is that of captured events', async () => {
      const { dataSource, backstory } = depot;
      await runInContext(
        { actor: 'anna', correlationId: 'request-7', erased: ['x'], origin: 'backfill', filled: true },
        () =>
          dataSource.transaction(async (manager) => {
            await manager.update(Parcel, { id: 1 }, { status: 'sent' });
            await backstory.append(manager, Parcel, 1, new NoteTaken('x'));
            await backstory.append(manager, 'newsletter', 'w', new NoteTaken('x'));
            await backstory.append(manager, Basket, 1, new NoteTaken('x'));
          }),
      );
      for (const [category, id] of [
        ['parcel', '1'],
        ['newsletter', 'w'],
        ['basket', '1'],
      ] as const)
        expect((await backstory.history(category, id)).at(-1)?.metadata).toEqual({
          origin: 'append',
          actor: 'anna',
          correlationId: 'request-7',
        });
    });

    it('takes no name from a scope, and leaves it its name for the change', async () => {
      const { dataSource, backstory } = depot;
      await backstory.backfill();
      for (const [entity, change] of [
        [Parcel, { status: 'sent' }],
        [Basket, { note: 'n' }],
      ] as const) {
        await withEvent('Sent', { aggregate: entity }, () =>
          dataSource.transaction(async (manager) => {
            await backstory.append(manager, entity, 1, new NoteTaken('before'));
            await manager.update(entity, { id: 1 }, change as object);
            await backstory.append(manager, entity, 1, { type: 'Sent' });
            const again: object = entity === Parcel ? { status: 'there' } : { note: 'm' };
            await manager.update(entity, { id: 1 }, again);
          }),
        );
        const events = (await backstory.history(entity.name, '1')).slice(1);
        expect(events.map(({ type, change: kind }) => `${type} ${kind}`)).toEqual([
          'NoteTaken none',
          'Sent updated',
          'Sent none',
          `${entity.name}Updated updated`,
        ]);
        expect(new Set(events.map(({ metadata }) => metadata['scope'])).size).toBe(1);
      }
    });
  });

  describe('their data', () => {
    class Everything {
      at = new Date('2026-03-01T09:30:00.123Z');
      big = 9_223_372_036_854_775_807n;
      bytes = Buffer.from([0, 255]);
      nested = { list: [1, null, { deep: true }], undefinedInside: undefined };
      money = { toJSON: () => '3.00' };
      missing = undefined;
      nothing = null;
      'a.b' = 1;
    }

    it('are the own properties of the instance, by the rules of captured values', async () => {
      await append(Parcel, 1, new Everything());
      const event = (await depot.backstory.history('parcel', '1')).at(-1);
      expect(event).toMatchObject({ type: 'Everything' });
      expect(event?.data).toEqual({
        at: '2026-03-01T09:30:00.123Z',
        big: '9223372036854775807',
        bytes: '\\x00ff',
        nested: { list: [1, null, { deep: true }] },
        money: '3.00',
        nothing: null,
        'a.b': 1,
      });
      class Back {
        at: string;
      }
      expect(eventInstance(Back, event as RecordedEvent)).toBeInstanceOf(Back);
    });

    it('keep a property of any name', async () => {
      const data = JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}') as object;
      await append(Parcel, 1, { type: 'Odd', data: data as Record<string, unknown> });
      const { data: stored } = (await depot.backstory.history('parcel', '1')).at(-1) as { data: object };
      expect(JSON.stringify(stored)).toBe('{"__proto__":{"polluted":true},"constructor":1}');
    });
  });

  it('say that a database of before can’t take them', async () => {
    const { dataSource } = depot;
    await dataSource.query(
      `alter function backstory.append_events(text, text, json, smallint, bigint, boolean) rename to not_yet`,
    );
    await expect(append(Parcel, 1, new NoteTaken('x'))).rejects.toThrow(BackstoryError);
    await expect(append(Parcel, 1, new NoteTaken('x'))).rejects.toMatchObject({ code: 'NOT_INSTALLED' });
  });
});
