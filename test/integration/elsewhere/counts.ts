import { onEvent, onEventBatch, type ProjectionDefinition, type RecordedEvent } from '@backstory/adapter';
import type { DataSource, EntityManager } from 'typeorm';
import type { Ledger } from '../outbox/ledger.js';
import type { Target } from '../../targets/target.js';

export interface CountedAccount {
  readonly id: string;
  /** How many of its events were handled: one that comes twice shows, and one that is lost. */
  readonly events: number;
  readonly balance: number;
}

/** What a handler of `counts` does with one event. */
export async function count(
  kind: Target['kind'],
  { streamId, data }: RecordedEvent,
  { manager, tables }: { manager: EntityManager; tables: Readonly<Record<string, string>> },
): Promise<void> {
  const balance = (data['balance'] as number | undefined) ?? 0;
  const [place, conflict] =
    kind === 'postgres'
      ? [
          'values ($1, 1, $2)',
          'on conflict (id) do update set balance = excluded.balance, events = c.events + 1',
        ]
      : ['values (?, 1, ?)', 'on duplicate key update balance = values(balance), events = events + 1'];
  await manager.query(
    `insert into ${tables['counts']}${kind === 'postgres' ? ' as c' : ''} ${place} ${conflict}`,
    [streamId, balance],
  );
}

/** Counts the events of each account, in a target of any kind. */
export function counts(
  target: Pick<Target, 'kind'>,
  into: DataSource,
  more: Partial<ProjectionDefinition<EntityManager>> = {},
): ProjectionDefinition<EntityManager> {
  return {
    name: 'counts',
    into,
    tables: ['counts'],
    create: (manager, tables) =>
      manager.query(
        `create table ${tables['counts']} (id varchar(40) primary key, events int, balance bigint)`,
      ),
    handlers: [onEvent({ category: 'account' }, (event, delivery) => count(target.kind, event, delivery))],
    ...more,
  };
}

/** The same in batches. */
export function inBatches(target: Pick<Target, 'kind'>): ProjectionDefinition<EntityManager>['handlers'] {
  return onEventBatch<EntityManager>([{ category: 'account' }], async (events, delivery) => {
    for (const event of events) await count(target.kind, event, delivery);
  });
}

export async function read(target: Target, from = 'counts'): Promise<CountedAccount[]> {
  const rows: { id: string; events: number; balance: string | number }[] = await target.dataSource.query(
    `select id, events, balance from ${from}`,
  );
  return rows
    .map(({ id, events, balance }) => ({ id, events: Number(events), balance: Number(balance) }))
    .sort(byId);
}

/** What it must come to: a fold of the log. */
export async function fold({ dataSource }: Ledger): Promise<CountedAccount[]> {
  const rows: { id: string; events: number; balance: number }[] = await dataSource.query(
    `select stream_id as id, count(*)::int as events,
       (array_agg((data->>'balance')::int order by stream_position desc) filter (where data->>'balance' is not null))[1] as balance
     from backstory.events where category = 'account' group by stream_id`,
  );
  return rows.sort(byId);
}

const byId = (left: { id: string }, right: { id: string }): number => Number(left.id) - Number(right.id);
