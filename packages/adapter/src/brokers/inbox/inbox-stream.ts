import type { CloudEvent } from '../cloud-events/index.js';
import { type Arrival, arrivalOf, stateAfter, type StreamState } from './arrival.js';
import { inboxGap, outsideTransaction } from './inbox-errors.js';
import { type InboxSql, inboxTables, rowsOf } from './inbox-tables.js';

interface StreamRow {
  first: string;
  last: string;
  epoch: string;
  began: string;
  place: string | null;
  ready: boolean;
  transaction: string;
}

/** One stream of one source, locked for one consumer until the transaction ends. */
export class InboxStream {
  private superseded = 0;
  private changed = false;

  private constructor(
    private readonly sql: InboxSql,
    private readonly schema: string,
    readonly place: { readonly consumer: string; readonly source: string; readonly stream: string },
    private current: StreamState,
    /** One that has waited may be handled now, as after a skip(). */
    readonly ready: boolean,
  ) {}

  /** Begun where it isn't known. @throws BackstoryError INBOX_OUTSIDE_TRANSACTION */
  static async lock(
    sql: InboxSql,
    schema: string,
    place: InboxStream['place'],
    begin: { position: bigint; epoch: bigint },
  ): Promise<InboxStream> {
    const { streams, waiting } = inboxTables(schema);
    const key = [place.consumer, place.source, place.stream];
    const [made] = await rowsOf<{ transaction: string }>(
      sql,
      `with new as (insert into ${streams} (consumer, source, stream, first, last, epoch, began)
         values ($1, $2, $3, $4::bigint, $4::bigint - 1, $5, $4) on conflict do nothing)
       select pg_current_xact_id()::text as transaction`,
      [...key, String(begin.position), String(begin.epoch)],
    );
    const [row] = await rowsOf<StreamRow>(
      sql,
      `select first, last, epoch, began, place, pg_current_xact_id()::text as transaction,
         exists (select from ${waiting} w where w.consumer = s.consumer and w.source = s.source and w.stream = s.stream
           and (w.epoch = s.epoch and w.position = s.last + 1
             or w.epoch > s.epoch and w.previous_epoch <= s.epoch and w.position <= s.last + 1)) as ready
       from ${streams} s where consumer = $1 and source = $2 and stream = $3 for update`,
      key,
    );
    if (!row || row.transaction !== made?.transaction) throw outsideTransaction(place.consumer);
    const state = {
      first: BigInt(row.first),
      last: BigInt(row.last),
      epoch: BigInt(row.epoch),
      began: BigInt(row.began),
      place: row.place === null ? undefined : BigInt(row.place),
    };
    return new InboxStream(sql, schema, place, state, row.ready);
  }

  get state(): StreamState {
    return this.current;
  }

  /** An event was handled. */
  async advance(arrival: Arrival): Promise<void> {
    if (arrival.epoch !== this.current.epoch && arrival.epochPosition !== undefined) {
      const { epochs } = inboxTables(this.schema);
      await this.sql.query(
        `insert into ${epochs} (source, epoch, first) values ($1, $2, $3) on conflict do nothing`,
        [this.place.source, String(arrival.epoch), String(arrival.epochPosition)],
      );
    }
    this.moveTo(stateAfter(this.current, arrival));
  }

  moveTo(state: StreamState): void {
    this.current = state;
    this.changed = true;
  }

  supersede(events = 1): void {
    this.superseded += events;
  }

  /** Keeps an event until its turn. @throws BackstoryError INBOX_GAP when too many wait */
  async keep(event: CloudEvent, { position, epoch, previousEpoch }: Arrival, buffer: number): Promise<void> {
    const { waiting } = inboxTables(this.schema);
    const [kept] = await rowsOf<{ known: boolean; others: number }>(
      this.sql,
      `select count(*) filter (where position = $4 and epoch = $5) > 0 as known, count(*)::int as others
       from ${waiting} where consumer = $1 and source = $2 and stream = $3`,
      [...this.key, String(position), String(epoch)],
    );
    if (kept?.known) return;
    if ((kept?.others ?? 0) >= buffer) throw inboxGap(this.place, this.current.last + 1n, position, buffer);
    await this.sql.query(
      `insert into ${waiting} (consumer, source, stream, position, epoch, previous_epoch, event) values ($1, $2, $3, $4, $5, $6, $7)`,
      [...this.key, String(position), String(epoch), String(previousEpoch), JSON.stringify(event)],
    );
  }

  /** An event that has waited, when it is its turn; of several the one of the latest epoch, which replaces the others. */
  async take(): Promise<{ event: CloudEvent; arrival: Arrival } | undefined> {
    const { waiting } = inboxTables(this.schema);
    const rows = await rowsOf<{ event: string; next: boolean }>(
      this.sql,
      `with next as (
         select epoch, position from ${waiting}
         where consumer = $1 and source = $2 and stream = $3
           and (epoch = $4 and position = $5 or epoch > $4 and previous_epoch <= $4 and position <= $5)
         order by epoch desc, position limit 1),
       gone as (
         delete from ${waiting} w where consumer = $1 and source = $2 and stream = $3
           and (epoch < $4 or epoch = $4 and position <= $5 or (epoch, position) in (select epoch, position from next))
         returning w.epoch, w.position, w.event)
       select g.event, n.epoch is not null as next from gone g
       left join next n on n.epoch = g.epoch and n.position = g.position
       where n.epoch is not null or g.epoch < $4 or g.position = $5`,
      [...this.key, String(this.current.epoch), String(this.current.last + 1n)],
    );
    this.supersede(rows.filter(({ next }) => !next).length);
    const event = rows.filter(({ next }) => next).map((row) => JSON.parse(row.event) as CloudEvent)[0];
    const arrival = event && arrivalOf(event);
    return arrival && { event, arrival };
  }

  async store(): Promise<void> {
    if (!this.changed && this.superseded === 0) return;
    const { streams } = inboxTables(this.schema);
    const { first, last, epoch, began, place } = this.current;
    await this.sql.query(
      `update ${streams} set first = $4, last = $5, epoch = $6, began = $7, place = $8, superseded = superseded + $9
       where consumer = $1 and source = $2 and stream = $3`,
      [
        ...this.key,
        ...[first, last, epoch, began].map(String),
        place === undefined ? null : String(place),
        this.superseded,
      ],
    );
  }

  private get key(): string[] {
    return [this.place.consumer, this.place.source, this.place.stream];
  }
}
