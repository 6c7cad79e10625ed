import { InvalidOptionsError } from '../../errors.js';
import type { CloudEvent } from '../cloud-events/index.js';
import { inboxGap, inboxTooEarly, outsideTransaction, withoutPlace } from './inbox-errors.js';
import { type InboxSql, inboxTables, installInbox, rowsOf } from './inbox-tables.js';

export interface InboxOptions {
  /** Who handles: each name gets every event once. @defaultValue 'default' */
  readonly consumer?: string;
  /** Of the inbox's tables, in the receiver's own database. @defaultValue 'backstory_inbox' */
  readonly schema?: string;
  /**
   * `stream` handles each stream's events one after the other, and keeps those that come too early until their turn: for relays
   * that publish whole streams. `any` only drops repeated ones: for relays that filter by type, whose streams have holes.
   * @defaultValue 'stream'
   */
  readonly order?: 'stream' | 'any';
  /**
   * What a stream begins with that this inbox doesn't know yet: whatever comes first, or event 1, which is waited for.
   * A relay that starts `now`, or without first events of old rows, doesn't publish every stream's event 1.
   * @defaultValue 'anywhere'
   */
  readonly from?: 'anywhere' | 'beginning';
  /** How many events of a stream may wait for a missing one before it. @defaultValue 100 */
  readonly buffer?: number;
}

/** `waiting`: an earlier event of its stream is missing; it is kept, and handled when that has come. */
export type InboxOutcome = 'handled' | 'duplicate' | 'waiting';

interface StreamRow {
  first: string;
  last: string;
  ready: boolean;
  transaction: string;
}

/**
 * The receiver's side of at least once: what a handler writes and that it has run are stored in one transaction, the
 * caller's. Acknowledge the message after the commit.
 * @param sql - has the transaction open: a client of pg, a manager of TypeORM
 * @example
 * await dataSource.transaction(async (manager) => {
 *   await createInbox(manager).once(readCloudEvent(message), (event) => manager.insert(Invoice, invoiceFor(event)));
 * });
 */
export function createInbox(sql: InboxSql, options: InboxOptions = {}): Inbox {
  return new Inbox(sql, options);
}

export class Inbox {
  private readonly consumer: string;
  private readonly schema: string;
  private readonly buffer: number;

  constructor(
    private readonly sql: InboxSql,
    private readonly options: InboxOptions,
  ) {
    const { consumer = 'default', schema = 'backstory_inbox', buffer = 100 } = options;
    this.consumer = consumer;
    this.schema = schema;
    this.buffer = buffer;
    if (Number.isInteger(buffer) && buffer >= 0) return;
    throw new InvalidOptionsError(
      `Inbox "${consumer}": buffer ${buffer} is no whole number.`,
      'Use 0 or more.',
    );
  }

  /** Makes the tables where they are not there. Once, when the service starts. */
  install(): Promise<void> {
    return installInbox(this.sql, this.schema);
  }

  /**
   * Handles an event unless it was handled before, and then those that have waited for it. Deliveries of one stream wait for
   * each other's transactions.
   * @throws BackstoryError INBOX_GAP when too many wait for a missing event, INBOX_TOO_EARLY, INBOX_OUTSIDE_TRANSACTION,
   * INBOX_NOT_INSTALLED; what the handler throws. After any of them roll back.
   */
  async once(event: CloudEvent, handler: (event: CloudEvent) => unknown): Promise<InboxOutcome> {
    if (this.options.order === 'any') return this.onceInAnyOrder(event, handler);
    const { subject: stream, source } = event;
    if (!stream || !/^[1-9]\d*$/.test(event.streamposition ?? '')) throw withoutPlace(event.id);
    const place = { consumer: this.consumer, source, stream };
    const position = BigInt(event.streamposition);
    const { first, last, ready } = await this.lock(source, stream, position);
    if (position < first) throw inboxTooEarly(place, position, first);
    let handled = last;
    const handleThoseThatWaited = async (): Promise<void> => {
      for (;;) {
        const next = await this.take(source, stream, handled + 1n);
        if (!next) break;
        await handler(next);
        handled++;
      }
    };
    // after a skip()
    if (ready) await handleThoseThatWaited();
    const outcome = position <= handled ? 'duplicate' : position === handled + 1n ? 'handled' : 'waiting';
    if (outcome === 'waiting') {
      await this.keep(event, position, () => inboxGap(place, handled + 1n, position, this.buffer));
    } else if (outcome === 'handled') {
      await handler(event);
      handled++;
      await handleThoseThatWaited();
    }
    if (handled > last) await this.moveTo(source, stream, handled);
    return outcome;
  }

  /** Goes on behind events that will never come. Those that wait for them are handled when the stream's next one arrives. */
  async skip(stream: { source: string; stream: string; through: number | string }): Promise<void> {
    const { last } = await this.lock(stream.source, stream.stream, BigInt(stream.through) + 1n);
    const through = BigInt(stream.through);
    if (through > last) await this.moveTo(stream.source, stream.stream, through);
  }

  /** With `order: 'any'`: forgets ids of events that were handled longer ago than the broker could repeat them. */
  async forget(olderThanMs: number): Promise<void> {
    const { handled } = inboxTables(this.schema);
    await this.sql.query(
      `delete from ${handled} where consumer = $1 and handled_at < now() - $2::float8 * interval '1 millisecond'`,
      [this.consumer, olderThanMs],
    );
  }

  private async onceInAnyOrder(
    event: CloudEvent,
    handler: (event: CloudEvent) => unknown,
  ): Promise<InboxOutcome> {
    const { handled } = inboxTables(this.schema);
    const [row] = await rowsOf<{ transaction: string }>(
      this.sql,
      `with new as (insert into ${handled} (consumer, source, id) values ($1, $2, $3) on conflict do nothing returning id)
       select pg_current_xact_id()::text as transaction from new`,
      [this.consumer, event.source, event.id],
    );
    if (!row) return 'duplicate';
    await this.requireTransaction(row.transaction);
    await handler(event);
    return 'handled';
  }

  /** The stream's row, begun where there is none, and locked until the transaction ends. */
  private async lock(
    source: string,
    stream: string,
    position: bigint,
  ): Promise<{ first: bigint; last: bigint; ready: boolean }> {
    const { streams, waiting } = inboxTables(this.schema);
    const begin = this.options.from === 'beginning' ? 1n : position;
    const [made] = await rowsOf<{ transaction: string }>(
      this.sql,
      `with new as (insert into ${streams} (consumer, source, stream, first, last) values ($1, $2, $3, $4::bigint, $4::bigint - 1)
         on conflict do nothing)
       select pg_current_xact_id()::text as transaction`,
      [this.consumer, source, stream, String(begin)],
    );
    const [row] = await rowsOf<StreamRow>(
      this.sql,
      `select first, last, pg_current_xact_id()::text as transaction,
         exists (select from ${waiting} w where w.consumer = s.consumer and w.source = s.source and w.stream = s.stream
           and w.position = s.last + 1) as ready
       from ${streams} s where consumer = $1 and source = $2 and stream = $3 for update`,
      [this.consumer, source, stream],
    );
    if (!row || row.transaction !== made?.transaction) throw outsideTransaction(this.consumer);
    return { first: BigInt(row.first), last: BigInt(row.last), ready: row.ready };
  }

  private async requireTransaction(transaction: string): Promise<void> {
    const [now] = await rowsOf<{ transaction: string }>(
      this.sql,
      'select pg_current_xact_id()::text as transaction',
      [],
    );
    if (now?.transaction !== transaction) throw outsideTransaction(this.consumer);
  }

  private async keep(event: CloudEvent, position: bigint, full: () => Error): Promise<void> {
    const { waiting } = inboxTables(this.schema);
    const [kept] = await rowsOf<{ known: boolean; others: number }>(
      this.sql,
      `select count(*) filter (where position = $4) > 0 as known, count(*)::int as others
       from ${waiting} where consumer = $1 and source = $2 and stream = $3`,
      [this.consumer, event.source, event.subject, String(position)],
    );
    if (kept?.known) return;
    if ((kept?.others ?? 0) >= this.buffer) throw full();
    await this.sql.query(
      `insert into ${waiting} (consumer, source, stream, position, event) values ($1, $2, $3, $4, $5)`,
      [this.consumer, event.source, event.subject, String(position), JSON.stringify(event)],
    );
  }

  /** An event that has waited, when it is its turn. */
  private async take(source: string, stream: string, position: bigint): Promise<CloudEvent | undefined> {
    const { waiting } = inboxTables(this.schema);
    const [row] = await rowsOf<{ event: string }>(
      this.sql,
      `with taken as (delete from ${waiting}
         where consumer = $1 and source = $2 and stream = $3 and position <= $4
         returning position, event)
       select event from taken where position = $4`,
      [this.consumer, source, stream, String(position)],
    );
    return row && (JSON.parse(row.event) as CloudEvent);
  }

  private async moveTo(source: string, stream: string, last: bigint): Promise<void> {
    const { streams } = inboxTables(this.schema);
    await this.sql.query(
      `update ${streams} set last = $4 where consumer = $1 and source = $2 and stream = $3`,
      [this.consumer, source, stream, String(last)],
    );
  }
}
