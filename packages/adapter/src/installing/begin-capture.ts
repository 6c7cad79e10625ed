import { type Database, hiddenRows, readOnlyServer, whyReadOnly } from '../database/index.js';
import { BackstoryError } from '../errors.js';
import { install, requireInstalled } from './install.js';
import type { EntityMapping } from '../mapping/index.js';
import type { BackstoryLogger, BackstoryOptions } from '../options/index.js';
import { hiddenOwnTables } from '../schema/index.js';

/**
 * What a start does for its aggregates to be captured: installs what is missing, or only looks whether it is there. A server
 * that takes no writes, such as a standby, is only looked at.
 * @throws BackstoryError READ_ONLY_SERVER where something is missing on such a server; ROWS_HIDDEN where policies hide rows
 * of Backstory's own tables from this role
 */
export async function beginCapture(
  database: Database,
  schema: string,
  mappings: readonly EntityMapping[],
  { install: mode, logger }: Pick<BackstoryOptions, 'install'> & { logger: BackstoryLogger },
): Promise<void> {
  const readOnly = await whyReadOnly(database);
  if (mode === 'check' || readOnly !== undefined) {
    const warnings = await requireInstalled(database, schema, mappings).catch((error: unknown) => {
      if (readOnly === undefined || !isMissing(error)) throw error;
      const [problem = ''] = error.message.split('\n');
      throw readOnlyServer(`${problem} They can't be made here, for ${readOnly}`, error);
    });
    for (const warning of warnings) logger.warn(warning);
  } else {
    const onWait = (message: string): void => logger.warn(message);
    const { withheld } = await install(database, schema, mappings, { onWait });
    if (withheld.length > 0)
      logger.warn(
        `Left out of events, because they look like secrets: ${withheld.join(', ')}. Say "exclude" of them to confirm it, or "include" to have them in.`,
      );
  }
  const [hidden] = await hiddenOwnTables(database, schema);
  if (hidden) throw hiddenRows(hidden.role, hidden.table);
}

function isMissing(error: unknown): error is BackstoryError {
  return BackstoryError.is(error, 'NOT_INSTALLED') || BackstoryError.is(error, 'CAPTURE_OUTDATED');
}
