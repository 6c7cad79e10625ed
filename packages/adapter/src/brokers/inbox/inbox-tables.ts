import { quoteIdentifier, quoteLiteral } from '../../database/index.js';
import { notInstalled } from './inbox-errors.js';

/** What runs SQL in the transaction that is open: a client of pg, or TypeORM's EntityManager or QueryRunner. */
export interface InboxSql {
  query(text: string, values?: unknown[]): Promise<unknown>;
}

export interface InboxTables {
  /** How far each stream has been handled, in which epoch, and how many events were dropped because that has replaced them. */
  readonly streams: string;
  /** Of sources whose log has lost events. */
  readonly epochs: string;
  /** Events that came before their turn. */
  readonly waiting: string;
  /** Ids of handled events, where their order doesn't matter. */
  readonly handled: string;
}

export function inboxTables(schema: string): InboxTables {
  const table = (name: string): string => `${quoteIdentifier(schema)}.${name}`;
  return {
    streams: table('inbox_streams'),
    epochs: table('inbox_epochs'),
    waiting: table('inbox_waiting'),
    handled: table('inbox_handled'),
  };
}

/** Made where they are not there; nothing is changed where they are. */
export async function installInbox(sql: InboxSql, schema: string): Promise<void> {
  const { streams, epochs, waiting, handled } = inboxTables(schema);
  // Two that start at the same time: "if not exists" alone would let one of them fail.
  await sql.query(`do $inbox$ begin
    perform pg_advisory_xact_lock(hashtext('backstory inbox'));
    create schema if not exists ${quoteIdentifier(schema)};
    create table if not exists ${streams} (
      consumer text not null, source text not null, stream text not null,
      first bigint not null, last bigint not null,
      primary key (consumer, source, stream));
    create table if not exists ${waiting} (
      consumer text not null, source text not null, stream text not null, position bigint not null,
      event text not null, arrived_at timestamptz not null default now(),
      primary key (consumer, source, stream, position));
    create table if not exists ${handled} (
      consumer text not null, source text not null, id text not null, handled_at timestamptz not null default now(),
      primary key (consumer, source, id));
    create table if not exists ${epochs} (
      source text not null, epoch bigint not null, first bigint not null, primary key (source, epoch));
    create index if not exists inbox_handled_at on ${handled} (handled_at);
    -- of before there were epochs; asked first, because to alter a table waits for everybody
    if not exists (select from pg_attribute where attrelid = ${quoteLiteral(streams)}::regclass and attname = 'epoch') then
      alter table ${streams} add epoch bigint not null default 0, add began bigint not null default 0,
        add place bigint, add superseded bigint not null default 0;
      alter table ${waiting} add epoch bigint not null default 0, add previous_epoch bigint not null default 0,
        drop constraint inbox_waiting_pkey, add primary key (consumer, source, stream, epoch, position);
    end if;
  end $inbox$`);
}

/** Rows as pg and as TypeORM give them. */
export async function rowsOf<Row>(sql: InboxSql, text: string, values: unknown[]): Promise<Row[]> {
  try {
    const result = await sql.query(text, values);
    return (Array.isArray(result) ? result : (result as { rows: unknown[] }).rows) as Row[];
  } catch (error) {
    throw notInstalled(error) ?? error;
  }
}
