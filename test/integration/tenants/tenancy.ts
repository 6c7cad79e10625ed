import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { DataSource, type DataSourceOptions, type EntityManager, EntitySchema } from 'typeorm';

export interface Invoice {
  id: number;
  payer: string;
  lines?: Line[];
}

interface Line {
  id: number;
  product: string;
  invoice?: Invoice;
  notes?: Note[];
}

interface Note {
  id: number;
  text: string;
  line?: Line;
}

const id = { type: 'int', primary: true, generated: true } as const;

/** Names no schema, as its lines and their notes. */
export const Invoice = new EntitySchema<Invoice>({
  name: 'Invoice',
  columns: { id, payer: { type: 'text' } },
  relations: { lines: { type: 'one-to-many', target: 'Line', inverseSide: 'invoice' } },
});
const Line = new EntitySchema<Line>({
  name: 'Line',
  columns: { id, product: { type: 'text' } },
  relations: {
    invoice: { type: 'many-to-one', target: 'Invoice', inverseSide: 'lines' },
    notes: { type: 'one-to-many', target: 'Note', inverseSide: 'line' },
  },
});
const Note = new EntitySchema<Note>({
  name: 'Note',
  columns: { id, text: { type: 'text' } },
  relations: { line: { type: 'many-to-one', target: 'Line', inverseSide: 'notes' } },
});
/** Of all tenants. */
export const Currency = new EntitySchema<{ code: string; name: string }>({
  name: 'Currency',
  schema: 'shared',
  columns: { code: { type: 'text', primary: true }, name: { type: 'text' } },
});

export const entities = [Invoice, Line, Note, Currency];

/** What each tenant has. */
export const tables = (schema: string): string => `create schema if not exists ${schema};
  create table ${schema}.invoice (id serial primary key, payer text not null);
  create table ${schema}.line (id serial primary key, product text not null, "invoiceId" int references ${schema}.invoice);
  create table ${schema}.note (id serial primary key, text text not null, "lineId" int references ${schema}.line);`;

/** A database with the tables of these schemas, and DataSources on it. */
export class Tenancy {
  private readonly opened: DataSource[] = [];

  private constructor(private readonly database: TestDatabase) {}

  static async create(...schemas: string[]): Promise<Tenancy> {
    const tenancy = new Tenancy(await createTestDatabase());
    const admin = await tenancy.open({ entities: [] });
    await admin.query(
      'create schema shared; create table shared.currency (code text primary key, name text not null)',
    );
    for (const schema of schemas) await admin.query(tables(schema));
    return tenancy;
  }

  get url(): string {
    return this.database.url;
  }

  async open(options: Partial<DataSourceOptions> = {}): Promise<DataSource> {
    const dataSource = await new DataSource({
      type: 'postgres',
      url: this.database.url,
      entities,
      ...options,
    } as DataSourceOptions).initialize();
    this.opened.push(dataSource);
    return dataSource;
  }

  async close(): Promise<void> {
    for (const dataSource of this.opened) if (dataSource.isInitialized) await dataSource.destroy();
    await this.database.drop();
  }
}

/** As an application does it for each request. */
export function asTenant<Result>(
  dataSource: DataSource,
  tenant: string,
  work: (manager: EntityManager) => Promise<Result>,
): Promise<Result> {
  return dataSource.transaction(async (manager) => {
    await manager.query(`set local search_path = ${tenant}, public`);
    return work(manager);
  });
}
