import { type BackstoryOptions, refuseUnknownOptions } from '../options/index.js';
import { loadFile } from './load-file.js';

/** What a file may say besides, because the same one serves a Nest module. */
const ofModule = ['context', 'startConsumers', 'cqrs', 'dataSource'];
const ofTenants = ['tenants', 'registry', 'open', 'concurrency', 'onFailure'];

/** The options that a file exports. @throws InvalidOptionsError */
export async function loadConfig(file: string): Promise<BackstoryOptions> {
  const exports = await loadFile(file);
  const { default: standard } = exports as {
    default?: BackstoryOptions & { readonly default?: BackstoryOptions };
  };
  const said = standard?.default ?? standard ?? exports;
  const options = Object.fromEntries(Object.entries(said).filter(([name]) => !ofModule.includes(name)));
  refuseUnknownOptions(options, ofTenants);
  return options;
}
