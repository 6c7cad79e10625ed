import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { InvalidOptionsError } from '../errors.js';
import type { ApplicationOptions } from './open-backstory.js';

/** Which application the command line is for, where its options don't say. */
export interface FoundApplication {
  readonly options: Pick<ApplicationOptions, 'dataSource' | 'app' | 'config'>;
  /** Nobody has said so: it lies where such files usually do. */
  readonly isGuessed: boolean;
}

const inPackageJson = ['dataSource', 'app', 'config'] as const;
const names = ['data-source', 'datasource', 'typeorm.config', 'ormconfig'];
const below = ['', 'database', 'db', 'config', 'typeorm'];
/** What is compiled goes before its source; in each group there may be one. */
const usual = [
  { folders: ['dist', 'dist/src', 'build', 'build/src'], extensions: ['.js', '.cjs', '.mjs'] },
  { folders: ['.', 'src'], extensions: ['.js', '.cjs', '.mjs'] },
  { folders: ['.', 'src'], extensions: ['.ts', '.mts', '.cts'] },
];

/**
 * The application of a folder: by the environment (`BACKSTORY_DATA_SOURCE`, `BACKSTORY_APP`, `BACKSTORY_CONFIG`), then by `backstory`
 * in the nearest package.json, then by the usual places of a DataSource.
 * @throws InvalidOptionsError for several in usual places, and for what package.json says that isn't known
 */
export function findApplication(folder: string, environment: NodeJS.ProcessEnv): FoundApplication {
  const said = { ...saidInPackageJson(folder), ...saidInEnvironment(environment) };
  if (said.dataSource ?? said.app) return { options: said, isGuessed: false };
  const guess = inUsualPlace(folder);
  return guess === undefined
    ? { options: said, isGuessed: false }
    : { options: { ...said, dataSource: guess }, isGuessed: true };
}

function saidInEnvironment(environment: NodeJS.ProcessEnv): FoundApplication['options'] {
  const { BACKSTORY_DATA_SOURCE: dataSource, BACKSTORY_APP: app, BACKSTORY_CONFIG: config } = environment;
  // of an application that the environment names, package.json says nothing
  const application = dataSource ? { dataSource, app: undefined } : app ? { app, dataSource: undefined } : {};
  return Object.fromEntries(Object.entries({ ...application, ...(config && { config }) }));
}

function saidInPackageJson(folder: string): FoundApplication['options'] {
  const file = join(folder, 'package.json');
  if (!existsSync(file)) return dirname(folder) === folder ? {} : saidInPackageJson(dirname(folder));
  const { backstory = {} } = JSON.parse(readFileSync(file, 'utf8')) as {
    backstory?: Record<string, unknown>;
  };
  const entries = Object.entries(backstory).map(([key, value]) => {
    const known = inPackageJson.find((each) => each === key);
    if (known && typeof value === 'string') return [known, join(dirname(file), value)] as const;
    throw new InvalidOptionsError(
      `"backstory" in ${file} says ${key}: ${JSON.stringify(value)}, which nobody reads.`,
      `Give paths as text for ${inPackageJson.join(', ')}, from the folder of that file.`,
    );
  });
  return Object.fromEntries(entries);
}

function inUsualPlace(folder: string): string | undefined {
  for (const { folders, extensions } of usual) {
    const found = folders.flatMap((top) =>
      below.flatMap((under) =>
        names.flatMap((name) => extensions.map((extension) => join(folder, top, under, name + extension))),
      ),
    );
    const there = found.filter((file) => existsSync(file)).map((file) => relative(folder, file));
    if (there.length > 1) {
      throw new InvalidOptionsError(
        `Several files could be the application's DataSource: ${there.join(', ')}.`,
        `Name one: --data-source ${there[0] as string}, BACKSTORY_DATA_SOURCE, or "backstory": { "dataSource": "…" } in package.json.`,
      );
    }
    if (there[0] !== undefined) return there[0];
  }
  return undefined;
}
