import type { WorkerSurroundings } from '../outbox/index.js';
import { homeElsewhere, type TargetDatabase } from './elsewhere/index.js';
import { homeInLog } from './home-in-log.js';
import type { ProjectionDefinition } from './projection-definition.js';
import type { ProjectionHome } from './projection-home.js';

/** Finds the database that a projection is to live in. */
export type TargetOf = (
  into: NonNullable<ProjectionDefinition['into']>,
  projection: string,
) => TargetDatabase;

/** Where a projection lives, by its definition. */
export function homeOf(
  surroundings: WorkerSurroundings,
  definition: ProjectionDefinition,
  targetOf: TargetOf,
): ProjectionHome {
  const { into, name } = definition;
  return into
    ? homeElsewhere(surroundings, definition, targetOf(into, name))
    : homeInLog(surroundings, definition);
}
