import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { DataSource, EntitySchema } from 'typeorm';

export const orders = new EntitySchema<{ id: number; tenant: string; status: string; lines: object[] }>({
  name: 'Order',
  tableName: 'orders',
  columns: { id: { type: 'int', primary: true }, tenant: { type: 'text' }, status: { type: 'text' } },
  relations: { lines: { type: 'one-to-many', target: 'Line', inverseSide: 'order', cascade: true } },
});

export const lines = new EntitySchema<{
  id: number;
  tenant: string;
  text: string;
  order: object;
  details: object[];
}>({
  name: 'Line',
  tableName: 'line',
  columns: { id: { type: 'int', primary: true }, tenant: { type: 'text' }, text: { type: 'text' } },
  relations: {
    details: { type: 'one-to-many', target: 'Detail', inverseSide: 'line' },
    order: { type: 'many-to-one', target: 'Order', inverseSide: 'lines', joinColumn: { name: 'order_id' } },
  },
});

export const details = new EntitySchema<{ id: number; tenant: string; line: object }>({
  name: 'Detail',
  tableName: 'detail',
  columns: { id: { type: 'int', primary: true }, tenant: { type: 'text' } },
  relations: {
    line: {
      type: 'many-to-one',
      target: 'Line',
      inverseSide: 'details',
      joinColumn: { name: 'line_id' },
    },
  },
});

export const notes = new EntitySchema<{ id: number; tenant: string; body: string }>({
  name: 'Note',
  tableName: 'note',
  columns: { id: { type: 'int', primary: true }, tenant: { type: 'text' }, body: { type: 'text' } },
});

export const memos = new EntitySchema<{ id: number; tenant: string; body: string }>({
  name: 'Memo',
  tableName: 'memo',
  columns: { id: { type: 'int', primary: true }, tenant: { type: 'text' }, body: { type: 'text' } },
});

export const aggregates = [{ entity: 'Order', owns: ['lines'] }, 'Note', 'Memo'];
export const nested = [{ entity: 'Order', owns: ['lines', 'lines.details'] }];

/**
 * A database of tenants: its tables belong to `owner`, who is no superuser, and `clerk` works for tenant a. Notes, orders and
 * lines have a policy that hides other tenants' rows, memos have none. Nothing is installed, and half of the rows are hidden.
 */
export class Tenants {
  readonly owner: string;
  readonly clerk: string;
  private readonly opened: DataSource[] = [];

  private constructor(
    private readonly database: TestDatabase,
    readonly admin: DataSource,
  ) {
    const suffix = `${process.pid}_${Date.now()}`;
    this.owner = `tenants_owner_${suffix}`;
    this.clerk = `tenants_clerk_${suffix}`;
  }

  static async prepare({ forced = false } = {}): Promise<Tenants> {
    const database = await createTestDatabase();
    const admin = new DataSource({
      type: 'postgres',
      url: database.url,
      entities: [orders, lines, details, notes, memos],
    });
    const tenants = new Tenants(database, await admin.initialize());
    const { owner, clerk } = tenants;
    const name = new URL(database.url).pathname.slice(1);
    const policy = (table: string): string => `
      alter table ${table} enable row level security;
      ${forced ? `alter table ${table} force row level security;` : ''}
      create policy by_tenant on ${table} using (tenant = current_setting('app.tenant', true));`;
    await tenants.sql(`
      create role ${owner} login password 'x'; create role ${clerk} login password 'x';
      grant create on database "${name}" to ${owner}; grant create, usage on schema public to ${owner};
      set role ${owner};
      create table orders (id int primary key, tenant text not null, status text not null);
      create table line (id int primary key, tenant text not null, text text not null, order_id int references orders on delete cascade);
      create index on line (order_id);
      create table detail (id int primary key, tenant text not null, line_id int);
      create index on detail (line_id);
      create table note (id int primary key, tenant text not null, body text not null);
      create table memo (id int primary key, tenant text not null, body text not null);
      insert into orders select i, case when i % 2 = 0 then 'a' else 'b' end, 'new' from generate_series(1, 10) i;
      insert into line select i, case when i % 2 = 0 then 'a' else 'b' end, 'x', i from generate_series(1, 10) i;
      insert into note select i, case when i % 2 = 0 then 'a' else 'b' end, 'n' || i from generate_series(1, 10) i;
      insert into memo select i, 'a', 'm' || i from generate_series(1, 10) i;
      ${policy('note')} ${policy('orders')} ${policy('line')}
      reset role;
      grant usage on schema public to ${clerk};
      grant select, insert, update, delete, truncate on all tables in schema public to ${clerk}`);
    return tenants;
  }

  /** A DataSource of one of the roles; the clerk's sessions are of tenant a. */
  async as(role: string, tenant = 'a'): Promise<DataSource> {
    const dataSource = new DataSource({
      type: 'postgres',
      url: this.urlAs(role),
      entities: [orders, lines, details, notes, memos],
      extra: { options: `-c app.tenant=${tenant}` },
    });
    this.opened.push(dataSource);
    return dataSource.initialize();
  }

  urlAs(role: string): string {
    const url = new URL(this.database.url);
    url.username = role;
    url.password = 'x';
    return url.href;
  }

  /** What docs/operating.md grants the application's role, once Backstory is installed. */
  grantToClerk(): Promise<unknown> {
    return this.sql(
      `grant usage on schema backstory to ${this.clerk};
       grant select, insert, update, delete on all tables in schema backstory to ${this.clerk}`,
    );
  }

  sql<Row = Record<string, unknown>>(statement: string): Promise<Row[]> {
    return this.admin.query(statement);
  }

  async drop(): Promise<void> {
    for (const dataSource of this.opened) if (dataSource.isInitialized) await dataSource.destroy();
    await this.sql(
      `drop schema if exists backstory cascade; drop owned by ${this.owner}, ${this.clerk} cascade; drop role ${this.owner}, ${this.clerk}`,
    );
    await this.admin.destroy();
    await this.database.drop();
  }
}
