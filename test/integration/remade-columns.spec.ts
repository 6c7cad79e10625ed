import { type BackstoryOptions, createBackstory } from '@backstory/adapter';
import { DataSource, EntitySchema, type EntitySchemaColumnOptions } from 'typeorm';
import { type Library, openLibrary } from '../library/open-library.js';

interface Ticket {
  id: number;
  code: string | null;
}

const ticket = (columns: Record<string, EntitySchemaColumnOptions>): EntitySchema<Ticket> =>
  new EntitySchema<Ticket>({
    name: 'Ticket',
    columns: { id: { type: 'int', primary: true }, ...columns },
  });
const before = ticket({ code: { type: 'varchar', length: 20, nullable: true } });

describe('a column that a migration drops and makes again under its name', () => {
  let library: Library;

  beforeEach(async () => {
    library = await openLibrary({ entities: [before] });
  });

  afterEach(async () => {
    await library.close();
  });

  it.each([
    [
      'by a release that says the same as before',
      'add code varchar(40)',
      ticket({ code: { type: 'varchar', length: 40, nullable: true } }),
    ],
    [
      'by a release that brings a column more',
      'add code varchar(40), add note text',
      ticket({
        code: { type: 'varchar', length: 40, nullable: true },
        note: { type: 'text', nullable: true },
      }),
    ],
  ])('is captured, and is not taken for the former one: %s', async (_, remade, after) => {
    const named: BackstoryOptions = {
      aggregates: [
        { entity: 'Ticket', events: [{ type: 'TicketCoded', when: { changedOnly: ['code' as never] } }] },
      ],
    };
    const old = await createBackstory(library.dataSource, named);
    await library.dataSource.query(`insert into ticket (id, code) values (1, 'a'), (2, 'b')`);
    await old.backfill();
    await old.close();
    await library.dataSource.query(`alter table ticket drop column code, ${remade}`);

    const dataSource = await new DataSource({
      type: 'postgres',
      url: library.url,
      entities: [after],
    }).initialize();
    const backstory = await createBackstory(dataSource, named);
    try {
      await dataSource.query(`update ticket set code = 'A' where id = 1`);
      await dataSource.query(`insert into ticket (id, code) values (3, 'c')`);
      expect((await backstory.history('ticket', '1')).at(-1)).toMatchObject({
        type: 'TicketCoded',
        data: { code: 'A' },
      });
      expect(await backstory.verify()).toMatchObject({ clean: true });
      await backstory.stages.set('ticket', 'replay', { force: true });
      const codes = [
        { id: 1, code: 'A' },
        { id: 2, code: null },
        { id: 3, code: 'c' },
      ];
      expect(await dataSource.manager.find(after, { order: { id: 1 } })).toMatchObject(codes);
      const loaded = await Promise.all(['1', '2', '3'].map((id) => backstory.load('Ticket', id)));
      expect(loaded).toMatchObject(codes);
    } finally {
      await backstory.close();
      await dataSource.destroy();
    }
  });
});
