import type { EntityManager } from 'typeorm';
import { appendedEvents, type AppendOutcome, appendStatement } from '../appending/index.js';
import { announce, type AnnouncedEvent, withinCommand } from '../capture/index.js';
import { announcedEvents } from './command-announcement.js';
import type { CommandedAggregate, DecidedChange } from './command-decision.js';
import { holdAggregate } from './command-hold.js';
import { type WrittenAggregate, writeRows } from './command-parts.js';
import { requireEnd } from './command-reads.js';
import { requireRecorded, type RecordedChange } from './command-recorded.js';
import { notRecorded, notWritten, refuseTakenNames } from './command-refusals.js';
import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { BackstoryError, WrongExpectedVersionError } from '../errors.js';
import { streamName } from '../event/index.js';
import {
  type AggregateState,
  parseStreamTail,
  type ReplayedStream,
  replayTail,
  streamTailSql,
} from '../replay/index.js';
import { deleteRows, insertRow, type RowChange, updateRow } from '../rows/index.js';

/** Where the events of a command are written. */
export interface CommandedStream extends CommandedAggregate {
  readonly streamId: string;
  /** Where the stream ended when it was decided. */
  readonly position: number;
}

/** What a command has come to. */
interface Written {
  readonly streamId: string;
  readonly stream: ReplayedStream;
}

/**
 * Appends events that change no column.
 * @throws WrongExpectedVersionError, BackstoryError APPEND_REFUSED
 */
export async function appendDecided(
  manager: EntityManager,
  { schema, mapping, streamId, position }: CommandedStream,
  { events }: DecidedChange,
): Promise<void> {
  const target = { ...mapping, streamId };
  const { text, values } = appendStatement(schema, target, JSON.stringify(events), position);
  const [outcome] = await manager.query<AppendOutcome[]>(text, values);
  const types = events.map(({ type }) => type);
  appendedEvents(target, outcome as AppendOutcome, types, position);
}

/**
 * Changes or deletes the rows, announces the events with it, and looks for what capture has made of it. `state` is what it was.
 * @returns the stream behind them
 * @throws WrongExpectedVersionError; BackstoryError COMMAND_REFUSED where a row stays as it is, COMMAND_NOT_RECORDED where capture didn't write
 */
export async function writeChange(
  manager: EntityManager,
  sql: SqlExecutor,
  stream: CommandedStream,
  decided: DecidedChange,
  state: AggregateState,
): Promise<ReplayedStream> {
  const { schema, mapping, streamId, position } = stream;
  if (mapping.parts.length > 0)
    return (await writeWithParts({ ...stream, manager, state }, sql, position, decided)).stream;
  const { changes, ends } = decided.evolved;
  const announced = await announcedEvents(sql, schema, decided);
  refuseTakenNames(mapping, ends ? announced.slice(0, -1) : announced);
  const [change] = changes;
  const { result: isWritten, scope } = await announce(
    { category: mapping.category, streamId, on: ends ? 'deleted' : 'updated' },
    { expected: position, events: announced },
    async () => {
      if (ends || !change) return (await deleteRows(manager, mapping, { root: streamId })) > 0;
      return (await updateRow(manager, schema, change.row, streamId, change.columns)) !== undefined;
    },
  );
  const { told, replayed } = await recorded(sql, stream, scope);
  if (told === announced.length && replayed) return replayed;
  const end = replayed?.position ?? 0;
  if (!isWritten && end !== position)
    throw new WrongExpectedVersionError(streamName(mapping.knownAs, streamId), position, end);
  if (!isWritten) throw notWritten(mapping, streamId, ends ? 'deleted' : 'changed');
  throw notRecorded(mapping, streamId);
}

/**
 * Inserts rows, announces the events with it, and looks for what capture has made of it.
 * @returns the stream, and the id that the key has come to
 * @throws BackstoryError COMMAND_REFUSED where there is no row, COMMAND_NOT_RECORDED where capture didn't write
 */
export async function writeCreation(
  manager: EntityManager,
  sql: SqlExecutor,
  aggregate: CommandedAggregate,
  decided: DecidedChange,
): Promise<Written> {
  const { schema, mapping } = aggregate;
  if (mapping.parts.length > 0)
    return writeWithParts(
      { ...aggregate, manager, streamId: undefined, state: undefined },
      sql,
      null,
      decided,
    );
  const announced = await announcedEvents(sql, schema, decided);
  refuseTakenNames(mapping, announced.slice(1));
  const { row, columns } = decided.evolved.changes[0] as RowChange;
  const { result: inserted, scope } = await announce(
    { category: mapping.category, on: 'created' },
    { expected: null, events: announced },
    () => insertRow(manager, schema, { row, columns, referenced: [] }),
  );
  if (!inserted) throw notWritten(mapping, 'new', 'inserted');
  const streamId = inserted.id;
  const { told, replayed } = await recorded(sql, { ...aggregate, streamId, position: 0 }, scope);
  if (told === announced.length && replayed) return { streamId, stream: replayed };
  throw notRecorded(mapping, streamId);
}

/** The events of its rows stay pending, and then the command's are put in their place. */
async function writeWithParts(
  target: WrittenAggregate,
  sql: SqlExecutor,
  expected: number | null,
  decided: DecidedChange,
): Promise<Written> {
  const { manager, schema, mapping } = target;
  const { changes, ends } = decided.evolved;
  const creates = expected === null;
  // the first statement is the root's own where the root changes
  const isRootFirst = !ends && changes.some(({ row }) => row.place === '');
  const { streamId: root } = target;
  await holdAggregate(sql, mapping, root === undefined || isRootFirst ? undefined : { streamId: root, ends });
  const before = await announcedEvents(sql, schema, decided);
  refuseTakenNames(mapping, before.slice(creates ? 1 : 0, ends ? -1 : undefined));
  return withinCommand(async () => {
    const rows = await writeRows(target, decided).catch(async (error: unknown) => {
      // a row that isn't there any more: somebody has been faster
      if (target.streamId !== undefined && expected !== null && BackstoryError.is(error, 'COMMAND_REFUSED'))
        await requireEnd(executing(manager), schema, {
          mapping,
          streamId: target.streamId,
          position: expected,
        });
      throw error;
    });
    const { streamId } = rows;
    const events: AnnouncedEvent[] = await announcedEvents(sql, schema, decided, { ...target, ...rows });
    const [recorded] = await manager.query<RecordedChange[]>(
      `select outcome, recorded from ${quoteIdentifier(schema)}.explain_pending($1, $2, $3, $4)`,
      [mapping.category, streamId, expected, JSON.stringify({ events })],
    );
    requireRecorded(mapping, rows, recorded, creates ? 'c' : ends ? 'd' : 'u');
    const stream = await replayedTail(sql, target, streamId);
    if (!stream) throw notRecorded(mapping, streamId);
    return { streamId, stream };
  });
}

/** Statements that say which command they are of. */
function executing(manager: EntityManager): Pick<SqlExecutor, 'execute'> {
  return { execute: (text, values) => manager.query(text, values === undefined ? undefined : [...values]) };
}

/** How many of the announced events are there, and what the stream comes to. */
async function recorded(
  sql: SqlExecutor,
  { schema, mapping, streamId, position }: CommandedStream,
  scope: string,
): Promise<{ told: number; replayed: ReplayedStream | undefined }> {
  const name = quoteIdentifier(schema);
  const [found] = await sql.execute<{ told: number; tail: string | null }>(
    `select ${name}.announced_count($1, $2, $3, $4) as told,
            ${streamTailSql(mapping, schema, '$2')} as tail`,
    [mapping.category, streamId, position, scope],
  );
  const tail = found?.tail;
  const replayed =
    typeof tail === 'string'
      ? replayTail(mapping, streamId, parseStreamTail(mapping.category, streamId, tail))
      : undefined;
  return { told: found?.told ?? 0, replayed };
}

async function replayedTail(
  sql: SqlExecutor,
  { mapping, schema }: CommandedAggregate,
  streamId: string,
): Promise<ReplayedStream | undefined> {
  const [found] = await sql.execute<{ tail: string | null }>(
    `select ${streamTailSql(mapping, schema, '$1')} as tail`,
    [streamId],
  );
  const tail = found?.tail;
  if (typeof tail !== 'string') return undefined;
  return replayTail(mapping, streamId, parseStreamTail(mapping.category, streamId, tail));
}
