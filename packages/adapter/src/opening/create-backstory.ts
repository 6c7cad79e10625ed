import type { DataSource } from 'typeorm';
import type { Backstory } from '../backstory/index.js';
import type { HistoryLinks } from './history-links.js';
import { openHistory } from './open-history.js';
import { type BackstoryOptions, validateOptions } from '../options/index.js';
import {
  endWithDataSource,
  renewWithMigrations,
  sendContextWithStatements,
  watchCaptureFailures,
} from '../connections/index.js';
import { interceptReads } from '../reads/index.js';

/**
 * Gives the entities of an initialised DataSource a history. Entities and repositories stay as they are.
 * When it resolves, every later write is captured.
 * @throws BackstoryError that says what is wrong, where, and what to do
 * @example
 * const backstory = await createBackstory(dataSource, { aggregates: 'all' });
 * await backstory.backfill();
 */
export async function createBackstory(
  dataSource: DataSource,
  options: BackstoryOptions = {},
): Promise<Backstory> {
  validateOptions(options);
  return openHistory(dataSource, options, linksOfItsOwn(dataSource, options));
}

function linksOfItsOwn(dataSource: DataSource, { logger }: BackstoryOptions): HistoryLinks {
  return {
    link: ({ schema, pool, reads, stages, mends, afterMigrations, ended }) => {
      const ends = [
        interceptReads(dataSource, reads),
        sendContextWithStatements(pool),
        watchCaptureFailures(pool, (failing) => (failing === schema ? mends : undefined)),
        endWithDataSource(dataSource, () => ended('The DataSource was destroyed')),
      ];
      renewWithMigrations(dataSource, {
        schema,
        warn: (message) => logger?.warn(message),
        afterwards: afterMigrations,
      });
      stages.start();
      return () => ends.forEach((end) => end());
    },
  };
}
