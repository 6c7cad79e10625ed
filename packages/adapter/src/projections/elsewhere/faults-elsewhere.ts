import { BackstoryError, InvalidOptionsError } from '../../errors.js';
import type { GenerationElsewhere } from './generation-elsewhere.js';
import type { ProjectionInLog } from './projection-in-log.js';
import { targetTables } from './target-tables.js';

const named = ({ target, definition }: GenerationElsewhere): string =>
  `Projection "${definition.name}" in ${target.place}`;

/** `projection = 'order-totals' and generation = 2`, to be read in a remedy. */
export function whereInWords({ definition, generation }: GenerationElsewhere): string {
  return `projection = '${definition.name.replaceAll("'", "''")}' AND generation = ${generation}`;
}

/** How somebody begins again who has no tables that are built beside. */
export function beginAgain(of: GenerationElsewhere): string {
  const { checkpoints, parked } = targetTables(of.target);
  const where = whereInWords(of);
  return of.definition.tables?.length
    ? `Build it anew: npx backstory rebuild ${of.definition.name}`
    : `Empty its tables there, and in the same transaction: DELETE FROM ${parked} WHERE ${where}; UPDATE ${checkpoints} SET position = 0, gaps = '[]', moves = moves + 1 WHERE ${where};`;
}

export function otherLog(of: GenerationElsewhere): InvalidOptionsError {
  return new InvalidOptionsError(
    `${named(of)} is of another log: another application, or another tenant, has a projection of this name there.`,
    'Give one of them another name, or tables of its own for its checkpoints: into: { dataSource, schema: "…" }.',
  );
}

export function otherPartitions(of: GenerationElsewhere, made: number, asked: number): InvalidOptionsError {
  return new InvalidOptionsError(
    `${named(of)} has ${made} partitions, and ${asked} were asked for: its streams would change places.`,
    `Keep partitions: ${made}, or give the projection a new name.`,
  );
}

export function generationAhead(
  of: GenerationElsewhere,
  highest: number,
  log: ProjectionInLog,
): BackstoryError {
  return new BackstoryError(
    'CHECKPOINT_AHEAD',
    `${named(of)} has been built as generation ${highest}, and the log knows ${log.next ?? log.live}: the log is an older state than the projection has seen.`,
    `In the log's database: UPDATE projections SET live = ${highest}, next = NULL WHERE name = '${of.definition.name.replaceAll("'", "''")}', in the schema of Backstory; then build it anew: npx backstory rebuild ${of.definition.name}`,
  );
}

export function tablesLost(of: GenerationElsewhere, found: readonly string[]): BackstoryError {
  const lost = (of.definition.tables ?? []).filter((table) => !found.includes(table));
  return new BackstoryError(
    'MISSING_TABLE',
    `${named(of)} has a checkpoint, and no table for ${lost.join(', ')} in generation ${of.generation}: what it has counted is gone.`,
    `Restore the table, or have the generation made anew: DELETE FROM ${targetTables(of.target).checkpoints} WHERE ${whereInWords(of)}, and drop what is left of its tables.`,
  );
}

export function tablesInTheWay(of: GenerationElsewhere, found: readonly string[]): BackstoryError {
  return new BackstoryError(
    'CHECKPOINT_MISSING',
    `${named(of)} has no checkpoint, and there are tables for ${found.join(', ')} in generation ${of.generation}: what they count is not known.`,
    'Drop these tables, and they are built from the beginning; or restore the checkpoints that belong to them.',
  );
}

export function checkpointLost(of: GenerationElsewhere, furthest: string): BackstoryError {
  return new BackstoryError(
    'CHECKPOINT_MISSING',
    `${named(of)} has no checkpoint, and the log knows that it has handled events up to position ${furthest}: whether its tables have these is not known.`,
    `Restore the checkpoints; or empty its tables, and have it begin anew in the log's database: UPDATE consumers SET position = 0, gaps = '[]', epoch = epoch + 1 WHERE name = '${of.definition.name.replaceAll("'", "''")}@${of.generation}', in the schema of Backstory.`,
  );
}

export function eventsLost(of: GenerationElsewhere, position: bigint, end: string): BackstoryError {
  return new BackstoryError(
    'CHECKPOINT_AHEAD',
    `${named(of)} has handled events up to global position ${position}, and those behind ${end} are lost: the log was put back to an older state, and other events may have their positions.`,
    beginAgain(of),
  );
}

export function eventsArchived(of: GenerationElsewhere, position: bigint, archived: string): BackstoryError {
  return new BackstoryError(
    'CHECKPOINT_TOO_OLD',
    `${named(of)} goes on behind global position ${position}, and the event at ${archived} has been archived since: its database was put back to an older state, and can't get that event.`,
    beginAgain(of),
  );
}

export function parkedLost(of: GenerationElsewhere, positions: readonly string[]): BackstoryError {
  return new BackstoryError(
    'CHECKPOINT_AHEAD',
    `${named(of)} has parked the events at global positions ${positions.slice(0, 5).join(', ')}, which are in no log.`,
    beginAgain(of),
  );
}

/** @returns what a target that can't be reached is called */
export function unreachable(place: string, cause: unknown): BackstoryError {
  return new BackstoryError(
    'DATABASE_UNREACHABLE',
    `The database of the projection, ${place}, can't be reached: ${(cause as Error).message || String((cause as { code?: unknown }).code)}.`,
    'Nothing, when it comes back: the projection goes on by itself. Else look at the "into" of the projection.',
    { cause },
  );
}

export function notPrepared(of: GenerationElsewhere, cause: unknown): BackstoryError {
  return new BackstoryError(
    'PROJECTION_REFUSED',
    `${named(of)} can't have its tables in generation ${of.generation}: ${(cause as Error).message}.`,
    'Look at "create" of the projection, and at the rights of the user there: it creates, changes and drops tables and views.',
    { cause },
  );
}
