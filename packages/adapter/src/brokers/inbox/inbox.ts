import { InvalidOptionsError } from '../../errors.js';
import type { CloudEvent } from '../cloud-events/index.js';
import { type Arrival, arrivalOf, contradicts, turnOf } from './arrival.js';
import { inboxConflict, inboxTooEarly, outsideTransaction, withoutPlace } from './inbox-errors.js';
import { InboxStream } from './inbox-stream.js';
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

/**
 * `waiting`: an earlier event of its stream is missing; it is kept, and handled when that has come. `superseded`: the publisher's
 * log has lost it, and later events have its place already; it is dropped and counted in `inbox_streams`.
 */
export type InboxOutcome = 'handled' | 'duplicate' | 'waiting' | 'superseded';

/** What comes with an event, for its handler. */
export interface InboxDelivery {
  /**
   * Events of its stream that were handled and that the publisher's log has lost since: this one, and those that follow it, stand in
   * their place. Positions, both ends included.
   */
  readonly replaces?: { readonly epoch: string; readonly from: string; readonly through: string };
}

/** A stream at whose end events were handled that are no more: those with global positions from `epochPosition` on. */
export interface LostEnd {
  readonly source: string;
  readonly stream: string;
  /** Position of the last that was handled. */
  readonly through: string;
  readonly globalPosition: string;
  readonly epochPosition: string;
}

/** Handles one event. */
export type InboxHandler = (event: CloudEvent, delivery: InboxDelivery) => unknown;

/**
 * The receiver's side of at least once: what a handler writes and that it has run are stored in one transaction, the
 * caller's. Acknowledge the message after the commit.
 * @param sql - has the transaction open: a client of pg, a manager of TypeORM
 * @example
 * await dataSource.transaction(async (manager) => {
 *   await createInbox(manager).once(readCloudEvent(message), (event) => bill(manager, event));
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

  /**
   * Makes the tables where they are not there. Once, when the service starts.
   * @example await createInbox(dataSource.manager).install();
   */
  install(): Promise<void> {
    return installInbox(this.sql, this.schema);
  }

  /**
   * Handles an event unless it was handled before, and then those that have waited for it. Deliveries of one stream wait for
   * each other's transactions. Where the publisher's log has lost events that were handled here, those that have got their places
   * are handled, and the handler is told what they replace.
   * @throws BackstoryError INBOX_GAP when too many wait for a missing event, INBOX_TOO_EARLY, INBOX_CONFLICT,
   * INBOX_OUTSIDE_TRANSACTION, INBOX_NOT_INSTALLED; what the handler throws. After any of them roll back.
   * @example const outcome = await dataSource.transaction((manager) => createInbox(manager).once(event, (each) => bill(manager, each)));
   */
  async once(event: CloudEvent, handler: InboxHandler): Promise<InboxOutcome> {
    if (this.options.order === 'any') return this.onceInAnyOrder(event, handler);
    const arrival = arrivalOf(event);
    if (!arrival) throw withoutPlace(event.id);
    const begin = this.options.from === 'beginning' ? { position: 1n, epoch: 0n } : arrival;
    const stream = await this.lock(event.source, event.subject, begin);
    const { first, epoch } = stream.state;
    if (arrival.position < first && arrival.epoch <= epoch)
      throw inboxTooEarly(stream.place, arrival.position, first);
    // after a skip()
    if (stream.ready) await this.handleThoseThatWaited(stream, handler);
    if (contradicts(stream.state, arrival))
      throw inboxConflict(stream.place, arrival.position, stream.state.last);
    const turn = turnOf(stream.state, arrival);
    if (turn === 'waiting') await stream.keep(event, arrival, this.buffer);
    else if (turn === 'superseded') stream.supersede();
    else if (turn === 'now') {
      await this.handle(stream, event, arrival, handler);
      await this.handleThoseThatWaited(stream, handler);
    }
    await stream.store();
    return turn === 'now' ? 'handled' : turn;
  }

  /**
   * Goes on behind events that will never come. Those that wait for them are handled when the stream's next one arrives.
   * @param stream - `epoch`: in which the stream goes on, as the waiting messages have it; by default the one that it is in
   * @example await dataSource.transaction((manager) => createInbox(manager).skip({ source: '/shop', stream: 'order-42', through: 7 }));
   */
  async skip(stream: {
    source: string;
    stream: string;
    through: number | string;
    epoch?: string;
  }): Promise<void> {
    const through = BigInt(stream.through);
    const epoch = BigInt(stream.epoch ?? 0);
    const locked = await this.lock(stream.source, stream.stream, { position: through + 1n, epoch });
    const { state } = locked;
    if (epoch > state.epoch)
      locked.moveTo({ ...state, last: through, epoch, began: through + 1n, place: undefined });
    else if (through > state.last) locked.moveTo({ ...state, last: through, place: undefined });
    await locked.store();
  }

  /**
   * Streams whose last handled event the publisher's log has lost, and in which nothing has come since that replaces it. Known
   * when an event of the new epoch has come, of whatever stream. With `order: 'stream'` only.
   * @example for (const { stream, through } of await createInbox(dataSource.manager).lost()) log(stream, through);
   */
  async lost(): Promise<LostEnd[]> {
    const { streams, epochs } = inboxTables(this.schema);
    return rowsOf<LostEnd>(
      this.sql,
      `select s.source, s.stream, s.last::text as through, s.place::text as "globalPosition", min(e.first)::text as "epochPosition"
       from ${streams} s join ${epochs} e on e.source = s.source and e.epoch > s.epoch and e.first <= s.place
       where s.consumer = $1 group by s.source, s.stream, s.last, s.place order by s.source, s.stream`,
      [this.consumer],
    );
  }

  /**
   * With `order: 'any'`: forgets ids of events that were handled longer ago than the broker could repeat them.
   * @example await createInbox(dataSource.manager, { order: 'any' }).forget(7 * 24 * 3_600_000);
   */
  async forget(olderThanMs: number): Promise<void> {
    const { handled } = inboxTables(this.schema);
    await this.sql.query(
      `delete from ${handled} where consumer = $1 and handled_at < now() - $2::float8 * interval '1 millisecond'`,
      [this.consumer, olderThanMs],
    );
  }

  private async onceInAnyOrder(event: CloudEvent, handler: InboxHandler): Promise<InboxOutcome> {
    const { handled } = inboxTables(this.schema);
    const [row] = await rowsOf<{ transaction: string }>(
      this.sql,
      `with new as (insert into ${handled} (consumer, source, id) values ($1, $2, $3) on conflict do nothing returning id)
       select pg_current_xact_id()::text as transaction from new`,
      [this.consumer, event.source, event.id],
    );
    if (!row) return 'duplicate';
    await this.requireTransaction(row.transaction);
    await handler(event, {});
    return 'handled';
  }

  private lock(
    source: string,
    stream: string,
    begin: { position: bigint; epoch: bigint },
  ): Promise<InboxStream> {
    return InboxStream.lock(this.sql, this.schema, { consumer: this.consumer, source, stream }, begin);
  }

  private async handle(
    stream: InboxStream,
    event: CloudEvent,
    arrival: Arrival,
    handler: InboxHandler,
  ): Promise<void> {
    const { last, epoch } = stream.state;
    const { position } = arrival;
    await handler(event, {
      ...(position <= last && {
        replaces: { epoch: String(epoch), from: String(position), through: String(last) },
      }),
    });
    await stream.advance(arrival);
  }

  private async handleThoseThatWaited(stream: InboxStream, handler: InboxHandler): Promise<void> {
    for (let next = await stream.take(); next; next = await stream.take())
      await this.handle(stream, next.event, next.arrival, handler);
  }

  private async requireTransaction(transaction: string): Promise<void> {
    const [now] = await rowsOf<{ transaction: string }>(
      this.sql,
      'select pg_current_xact_id()::text as transaction',
      [],
    );
    if (now?.transaction !== transaction) throw outsideTransaction(this.consumer);
  }
}
