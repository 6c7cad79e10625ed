import type { DataSource, EntityMetadata } from 'typeorm';
import { newEvents, type NewEvent } from '../appending/index.js';
import {
  changedBesideEvents,
  changedByDecide,
  type Decide,
  decidedEvents,
  type Decision,
  ended,
  evolve,
  withoutPublishing,
} from '../commands/index.js';
import { type SqlExecutor, sqlState } from '../database/index.js';
import { AggregateNotFoundError, BackstoryError } from '../errors.js';
import type { EventData } from '../event/index.js';
import {
  type EntityMapping,
  type MappingRegistry,
  partStates,
  rowState,
  type TypeParsers,
} from '../mapping/index.js';
import { type AggregateState, type ReplayedStream, replayStreams } from '../replay/index.js';
import {
  type AggregateRows,
  changedColumns,
  type EvolvedAggregate,
  evolvedAggregate,
  RowsOfAggregate,
} from '../rows/index.js';
import { hydratedRows, type HydratedRows } from '../reads/index.js';

/** What PostgreSQL says of a text that can't be a value of a key's type. */
const noValue = new Set(['22P02', '22003', '22007', '22008']);

/** The aggregate that a command is about, and where it is read and written. */
export interface CommandedAggregate {
  readonly dataSource: DataSource;
  readonly schema: string;
  readonly mapping: EntityMapping;
  readonly mappings: MappingRegistry;
  readonly parsers: TypeParsers;
}

/** What a command decides on. */
export interface DecidedState extends AggregateState {
  readonly root: EventData;
  /** Where the stream ends. */
  readonly position: number;
  /** Whether the state is that of the rows, since the events don't tell it whole: of a row of before, or one of which values were erased. */
  readonly isOfRow: boolean;
}

/** What was decided, and what it makes of the entity. */
export interface DecidedChange {
  readonly events: readonly { readonly type: string; readonly data: EventData }[];
  /** As it was. */
  readonly untouched: object;
  readonly start: AggregateRows;
  readonly evolved: EvolvedAggregate;
}

/** @throws AggregateNotFoundError where there is no row, or it was deleted; ReplayError */
export async function readDecidedState(
  sql: SqlExecutor,
  { schema, mapping }: CommandedAggregate,
  streamId: string,
  observe: (stream: ReplayedStream) => void,
): Promise<DecidedState> {
  const stream = (await replayStreams(sql, schema, mapping, [streamId])).get(streamId);
  if (stream) observe(stream);
  if (stream?.root && !stream.erased) return { ...stream, root: stream.root, isOfRow: false };
  if (stream && !stream.root && stream.position > 0)
    throw new AggregateNotFoundError(mapping.knownAs, streamId, { wasDeleted: true });
  const state = await stateOfRows(sql, schema, mapping, streamId).catch((error: unknown) => {
    if (!noValue.has(sqlState(error) ?? '')) throw error;
    throw new AggregateNotFoundError(mapping.knownAs, streamId, { cause: error });
  });
  if (!state) throw new AggregateNotFoundError(mapping.knownAs, streamId);
  return { ...state, position: stream?.position ?? 0, isOfRow: true };
}

/** An aggregate as its tables have it. Undefined where its row isn't there. */
export async function stateOfRows(
  sql: SqlExecutor,
  schema: string,
  mapping: EntityMapping,
  streamId: string,
): Promise<(AggregateState & { readonly root: EventData }) | undefined> {
  const root = await rowState(sql, schema, mapping, streamId);
  return root && { root, parts: await partStates(sql, schema, mapping, streamId) };
}

/** Instances of an aggregate, all its rows, in as many copies as are asked for. Nothing of one is in another. */
export async function hydratedCopies(
  sql: SqlExecutor,
  { dataSource, mapping, mappings, parsers, schema }: CommandedAggregate,
  state: AggregateState,
  copies: number,
): Promise<HydratedRows[]> {
  const replay = (of: EntityMapping, ids: readonly string[]): Promise<Map<string, ReplayedStream>> =>
    replayStreams(sql, schema, of, ids);
  // all other values are made anew of their texts
  const isShared = [mapping, ...mapping.parts].some(({ columns }) =>
    columns.some(({ kind }) => kind === 'json'),
  );
  const states = Array.from({ length: copies }, (_, index) =>
    isShared && index > 0 ? structuredClone(state) : state,
  );
  return hydratedRows({ dataSource, mappings, parsers, replay }, mapping, states);
}

/**
 * Asks `decide`, and lets its events change a copy.
 * @throws what `decide` and the application's evolve throw; BackstoryError COMMAND_REFUSED, INVALID_EVENT
 */
export async function decideChange(
  sql: SqlExecutor,
  aggregate: CommandedAggregate,
  { root, parts }: DecidedState,
  decide: Decide<never>,
): Promise<DecidedChange> {
  const { dataSource, mapping } = aggregate;
  const copies = await hydratedCopies(sql, aggregate, { root, parts }, 3);
  const [untouched, asked, evolving] = copies.map((rows) => ({
    entity: rows.get(mapping)?.[0]?.entity as object,
    rows: new RowsOfAggregate(dataSource, mapping, { rows }),
  })) as [Copy, Copy, Copy];
  const start = untouched.rows.of(untouched.entity);
  withoutPublishing(mapping.knownAs, asked.entity);
  const decision = await decide(asked.entity as never);
  const { events: given, root: applied } = decidedEvents(mapping.knownAs, decision, asked.entity);
  const left = asked.rows.of(asked.entity);
  const touched = differingProperty(mapping, start, left);
  // what a root has applied has changed it, too
  const hasApplied = applied === asked.entity;
  if (touched !== undefined && !hasApplied) throw changedByDecide(mapping.knownAs, touched);
  const nothing = { entity: untouched.entity, ends: false, changes: [], steps: [] };
  const decided = { untouched: untouched.entity, start };
  if (given.length === 0) return { ...decided, events: [], evolved: nothing };
  const change = evolvedBy(dataSource, mapping, start, evolving, given);
  if (hasApplied && !change.evolved.ends)
    requireExplained(mapping, evolving.rows.of(change.evolved.entity), left);
  return { ...decided, ...change };
}

/**
 * The same of an entity that isn't there yet: events change a new instance.
 * @throws BackstoryError COMMAND_REFUSED where nothing was decided, or the events end what they create
 */
export async function decideCreation(
  { dataSource, mapping }: CommandedAggregate,
  metadata: EntityMetadata,
  decide: () => Decision | Promise<Decision>,
): Promise<DecidedChange> {
  const { events: given, root } = decidedEvents(mapping.knownAs, await decide());
  if (given.length === 0) {
    throw new BackstoryError(
      'COMMAND_REFUSED',
      `decide has returned no event, so there is no "${mapping.knownAs}" to create.`,
      'Return at least one event, or throw an error that says why there is none.',
    );
  }
  const rows = new RowsOfAggregate(dataSource, mapping, { metadata });
  const fresh = (): object => metadata.create() as object;
  const untouched = fresh();
  const start = rows.of(untouched);
  const decided = evolvedBy(dataSource, mapping, start, { entity: fresh(), rows }, given);
  if (decided.evolved.ends) {
    throw new BackstoryError(
      'COMMAND_REFUSED',
      `The events that create this "${mapping.knownAs}" end it, too.`,
      'Create it by one command, and let another one end it.',
    );
  }
  if (root && root.constructor === untouched.constructor)
    requireExplained(mapping, rows.of(decided.evolved.entity), rows.of(root));
  return { untouched, start, ...decided };
}

interface Copy {
  readonly entity: object;
  readonly rows: RowsOfAggregate;
}

/** A root that has changed otherwise than by its events would lose that. */
function requireExplained(mapping: EntityMapping, evolved: AggregateRows, left: AggregateRows): void {
  const other = differingProperty(mapping, evolved, left);
  if (other !== undefined) throw changedBesideEvents(mapping.knownAs, other);
}

/** The first that is another one in the second. */
function differingProperty(
  mapping: EntityMapping,
  one: AggregateRows,
  other: AggregateRows,
): string | undefined {
  for (const [place, row] of [...one, ...other]) {
    const [before, after] = [one.get(place), other.get(place)];
    const path = row.mapping.part?.path;
    if (!before || !after) return path ?? mapping.knownAs;
    const [touched] = changedColumns(before.values, after.values);
    if (touched) return `${path === undefined ? '' : `${path}[${row.id}].`}${touched.propertyPath}`;
  }
  return undefined;
}

function evolvedBy(
  dataSource: DataSource,
  mapping: EntityMapping,
  start: AggregateRows,
  evolving: Copy,
  given: readonly NewEvent[],
): Pick<DecidedChange, 'events' | 'evolved'> {
  const events = newEvents(given);
  const evolvers = events.map(({ type }, index) => ({
    type,
    evolve: (entity: object) => {
      const next = evolve(mapping.knownAs, mapping.evolve, entity, type, given[index] as NewEvent);
      return next === ended ? undefined : next;
    },
  }));
  return { events, evolved: evolvedAggregate(dataSource, mapping, start, evolving, evolvers) };
}
