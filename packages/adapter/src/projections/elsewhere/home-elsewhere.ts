import { BackstoryError } from '../../errors.js';
import { isTransient, type WorkerSurroundings } from '../../outbox/index.js';
import type { ProjectionDefinition } from '../projection-definition.js';
import type { ProjectionHome } from '../projection-home.js';
import { aloneInTarget } from './alone-in-target.js';
import { dropElsewhere } from './drop-elsewhere.js';
import { notPrepared } from './faults-elsewhere.js';
import { type GenerationElsewhere, tablesElsewhere } from './generation-elsewhere.js';
import { lookElsewhere } from './look-elsewhere.js';
import { PlaceElsewhere } from './place-elsewhere.js';
import { prepareElsewhere } from './prepare-elsewhere.js';
import { type ProjectionInLog, projectionInLog } from './projection-in-log.js';
import { switchElsewhere } from './switch-elsewhere.js';
import type { TargetDatabase } from './target-database.js';

/** A projection in a database of its own. Nothing there is asked for before a worker begins: the application starts without it. */
export function homeElsewhere(
  { database, schema }: WorkerSurroundings,
  definition: ProjectionDefinition,
  target: TargetDatabase,
): ProjectionHome {
  const of = (generation: number): GenerationElsewhere => ({ target, definition, generation });
  const inLog = async (generation: number): Promise<ProjectionInLog> => {
    const found = await projectionInLog(database, schema, definition, generation);
    if (found) return found;
    throw new BackstoryError(
      'UNKNOWN_CONSUMER',
      `The log does not know projection "${definition.name}" any more.`,
      'Start the application that runs it.',
    );
  };
  const prepare = async (generation: number): Promise<void> => {
    const log = await inLog(generation);
    try {
      await aloneInTarget(target, async (session) => {
        await prepareElsewhere(session, of(generation), log);
        if (generation === log.live) await dropElsewhere(session, target, definition, log.logKey, generation);
      });
    } catch (error) {
      throw BackstoryError.is(error) || isTransient(error) ? error : notPrepared(of(generation), error);
    }
  };
  return {
    place: target.place,
    tables: (generation) => tablesElsewhere(of(generation)),
    prepare: () => Promise.resolve(),
    openPlace: (generation) => (surroundings, lease) =>
      new PlaceElsewhere(surroundings, lease, of(generation), () => prepare(generation)),
    switchOver: (generation) => switchElsewhere(database, schema, of(generation)),
    drop: async (generation) => {
      const { logKey, live } = await inLog(generation);
      await aloneInTarget(target, (session) => dropElsewhere(session, target, definition, logKey, live));
    },
    look: (generation, position) => lookElsewhere(database, schema, of(generation), position),
  };
}
