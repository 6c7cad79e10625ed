import { EntitySchema } from 'typeorm';
import { expectExactReplay, openHistory } from '../../values/history.js';

const longTable = 'declarations_of_goods_in_transit_to_third_countries_by_rail_and_inland_waterways';
const longKey = 'number_of_the_declaration_in_the_register_of_the_customs_office_of_departure';
const longColumn = 'remark_of_the_customs_officer_on_the_declaration_of_goods_in_transit';
const longForeignKey = 'declaration_of_goods_in_transit_to_third_countries_that_the_item_belongs_to';

interface Declaration {
  id: number;
  remark: string | null;
  items: { id: number; text: string | null }[];
}

const declarations = new EntitySchema<Declaration>({
  name: 'Declaration',
  tableName: longTable,
  columns: {
    id: { type: 'int', primary: true, name: longKey },
    remark: { type: 'text', nullable: true, name: longColumn },
  },
  relations: { items: { type: 'one-to-many', target: 'Item', inverseSide: 'declaration', cascade: true } },
});

const items = new EntitySchema<Declaration['items'][number] & { declaration: Declaration }>({
  name: 'Item',
  columns: { id: { type: 'int', primary: true }, text: { type: 'text', nullable: true } },
  relations: {
    declaration: {
      type: 'many-to-one',
      target: 'Declaration',
      inverseSide: 'items',
      nullable: false,
      joinColumn: { name: longForeignKey },
    },
  },
});

const long = {
  entities: [declarations, items],
  synchronize: false,
  sql: `create table "${longTable}" ("${longKey}" int primary key, "${longColumn}" text);
    create table item (id int primary key, text text, "${longForeignKey}" int not null references "${longTable}");
    create index on item ("${longForeignKey}")`,
};

interface Bill {
  id: number;
  amount: string | null;
  lines: { id: number; text: string | null }[];
}

const bills = new EntitySchema<Bill>({
  name: 'Bill',
  tableName: 'sales.bill',
  columns: { id: { type: 'int', primary: true }, amount: { type: 'numeric', nullable: true } },
  relations: { lines: { type: 'one-to-many', target: 'Line', inverseSide: 'bill', cascade: true } },
});

const lines = new EntitySchema<Bill['lines'][number] & { bill: Bill }>({
  name: 'Line',
  tableName: 'sales.line',
  columns: { id: { type: 'int', primary: true }, text: { type: 'text', nullable: true } },
  relations: { bill: { type: 'many-to-one', target: 'Bill', inverseSide: 'lines', nullable: false } },
});

const dotted = {
  entities: [bills, lines],
  synchronize: false,
  sql: `create schema sales; create table sales.bill (id int primary key, amount numeric);
    create table sales.line (id int primary key, text text, "billId" int not null references sales.bill);
    create table bill (id int primary key, amount numeric)`,
};

describe('names that TypeORM works with', () => {
  it('that are longer than PostgreSQL keeps them, of tables, keys, columns and foreign keys', async () => {
    const history = await openHistory(long);
    try {
      const repository = history.dataSource.getRepository(declarations);
      await repository.save({ id: 1, remark: 'a', items: [{ id: 7, text: 'x' }] });
      await repository.update(1, { remark: 'b' });
      expect(await history.backstory.load('Declaration', '1')).toEqual({ id: 1, remark: 'b' });
      await expectExactReplay(history, declarations, `update "${longTable}" set "${longColumn}" = null`);
    } finally {
      await history.close();
    }
  });

  it('the same of what is owned', async () => {
    const history = await openHistory(long, { aggregates: [{ entity: 'Declaration', owns: ['items'] }] });
    try {
      const { dataSource, backstory } = history;
      await dataSource
        .getRepository(declarations)
        .save({ id: 1, remark: 'a', items: [{ id: 7, text: 'x' }] });
      await dataSource.query(`update item set text = 'y'`);
      expect(await backstory.load('Declaration', '1')).toMatchObject({ items: [{ id: 7, text: 'y' }] });
      expect(await backstory.verify()).toMatchObject({ clean: true });
      await backstory.stages.set('declaration', 'replay', { force: true });
      expect(await dataSource.getRepository(declarations).find({ relations: { items: true } })).toMatchObject(
        [{ remark: 'a', items: [{ text: 'y' }] }],
      );
      expect(await backstory.doctor()).toEqual([]);
    } finally {
      await history.close();
    }
  });

  it('with the schema in the name of the table, beside one of that name in the default schema', async () => {
    const history = await openHistory(dotted);
    try {
      const { dataSource } = history;
      await dataSource.getRepository(bills).save({ id: 1, amount: '1.50', lines: [{ id: 7, text: 'x' }] });
      await dataSource.query('insert into public.bill values (1, 99)');
      await expectExactReplay(history, bills, 'update sales.bill set amount = null');
      await expectExactReplay(history, lines, 'update sales.line set text = null');
    } finally {
      await history.close();
    }
  });

  it('of a covering primary key, whose other columns are no key', async () => {
    const seats = new EntitySchema<{ row: number; number: number; label: string | null }>({
      name: 'Seat',
      columns: {
        row: { type: 'int', primary: true },
        number: { type: 'int', primary: true },
        label: { type: 'text', nullable: true },
      },
    });
    const history = await openHistory({
      entities: [seats],
      synchronize: false,
      sql: 'create table seat (row int, number int, label text, primary key (number, row) include (label))',
    });
    try {
      await history.dataSource.getRepository(seats).save({ row: 1, number: 2, label: 'window' });
      await expectExactReplay(history, seats, 'update seat set label = null');
    } finally {
      await history.close();
    }
  });
});
