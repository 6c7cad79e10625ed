import type { WorkerSurroundings } from '../outbox/index.js';
import { dropTables, prepareGeneration, switchOver, tablesOf } from './generations.js';
import type { ProjectionDefinition } from './projection-definition.js';
import type { ProjectionHome } from './projection-home.js';

/** A projection in the database of the log. */
export function homeInLog(
  { database, schema, transactions }: WorkerSurroundings,
  definition: ProjectionDefinition,
): ProjectionHome {
  return {
    place: null,
    tables: (generation) => tablesOf(definition, generation),
    prepare: (generation) => prepareGeneration(transactions, schema, definition, generation),
    openPlace: () => undefined,
    switchOver: (generation) => switchOver(database, schema, definition, generation),
    drop: (generation) => database.transaction((sql) => dropTables(sql, definition, generation)),
  };
}
