import type { Database } from './database/index.js';
import { install, requireInstalled } from './install.js';
import type { EntityMapping } from './mapping/index.js';
import type { BackstoryOptions } from './options.js';

/** Has these aggregates captured, or requires that they are, as the application's options say. */
export async function beginCapture(
  database: Database,
  schema: string,
  mappings: readonly EntityMapping[],
  mode: BackstoryOptions['install'],
  warn: (message: string) => void,
): Promise<void> {
  if (mode === 'check') {
    for (const warning of await requireInstalled(database, schema, mappings)) warn(warning);
    return;
  }
  const { withheld } = await install(database, schema, mappings, { onWait: warn });
  if (withheld.length === 0) return;
  warn(
    `Left out of events, because they look like secrets: ${withheld.join(', ')}. ` +
      'Say "exclude" of them to confirm it, or "include" to have them in.',
  );
}
