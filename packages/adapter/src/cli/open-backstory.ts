import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import type { Backstory } from '../backstory/index.js';
import type { Finding } from '../admin/index.js';
import { createBackstory } from '../opening/index.js';
import { doctor } from '../doctor/index.js';
import { BackstoryError, InvalidOptionsError } from '../errors.js';
import { type InstallReport, mendCapture, installationPending } from '../installing/index.js';
import type { BackstoryLogger, BackstoryOptions } from '../options/index.js';
import { storedSelection, findingsOfUnsaid, unsaidEntities, unsaidInWords } from '../aggregates/index.js';
import { type DataSource, findDataSource, initialize } from '../connections/index.js';
import { loadConfig } from './load-config.js';
import { loadFile } from './load-file.js';

/** How the command line says which application it is for. */
export interface ApplicationOptions {
  dataSource?: string;
  app?: string;
  config?: string;
  schema?: string;
  tenants?: string;
  tenantsQuery?: string;
  allTenants?: boolean;
  atOnce?: string;
}

export interface OpenedBackstory {
  readonly backstory: Backstory;
  close(): Promise<void>;
}

/** Opens the application's DataSource, or boots its Nest context, and closes again what it opened. */
export async function openBackstory(
  options: ApplicationOptions,
  install: 'auto' | 'check',
  logger: BackstoryLogger,
): Promise<OpenedBackstory> {
  if (options.app) return openNestApplication(options.app);
  const { dataSource, named, unsaid } = await openDataSource(options);
  try {
    if (install === 'auto') {
      sayUnsaid(unsaid, logger);
      await mendCapture(dataSource, named.schema);
    }
    const backstory = await createBackstory(dataSource, { ...named, install, logger });
    return {
      backstory,
      close: async () => {
        await backstory.close();
        await dataSource.destroy();
      },
    };
  } catch (error) {
    await dataSource.destroy();
    throw error;
  }
}

/** What is wrong with the set-up, also where it is too wrong to open. */
export async function findings(options: ApplicationOptions): Promise<Finding[]> {
  if (options.app) {
    const opened = await openNestApplication(options.app);
    return opened.backstory.doctor().finally(() => opened.close());
  }
  const { dataSource, named, unsaid } = await openDataSource(options);
  const found = await doctor(dataSource, named).finally(() => dataSource.destroy());
  return [...found, ...findingsOfUnsaid(unsaid)];
}

/** What install would do, without doing it, and the entities of which nothing says whether they are to be captured. */
export async function pendingInstall(
  options: ApplicationOptions,
  logger: BackstoryLogger,
): Promise<InstallReport & { readonly unsaid: readonly string[] }> {
  const { dataSource, named, unsaid } = await openDataSource(options);
  sayUnsaid(unsaid, logger);
  const pending = await installationPending(dataSource, named).finally(() => dataSource.destroy());
  return { ...pending, unsaid };
}

/** The application's DataSource, as it is without Backstory. */
export async function withDataSource<Result>(
  options: ApplicationOptions,
  work: (dataSource: DataSource) => Promise<Result>,
): Promise<Result> {
  if (!options.app) {
    const dataSource = await connect(options);
    return work(dataSource).finally(() => dataSource.destroy());
  }
  const context = await bootNestApplication(options.app);
  const typeorm = createRequire(resolve(options.app))('typeorm') as { DataSource: unknown };
  try {
    return await work(context.get(typeorm.DataSource, { strict: false }) as DataSource);
  } finally {
    await context.close();
  }
}

function sayUnsaid(names: readonly string[], logger: BackstoryLogger): void {
  if (names.length === 0) return;
  const { problem, remedy } = unsaidInWords(names);
  logger.warn(`${problem.charAt(0).toUpperCase()}${problem.slice(1)}. ${remedy}`);
}

/** The DataSource of the file, connected, and the options of --config or of the application's last start. */
async function openDataSource(
  options: ApplicationOptions,
): Promise<{ dataSource: DataSource; named: BackstoryOptions; unsaid: readonly string[] }> {
  const dataSource = await connect(options);
  try {
    const config = options.config ? await loadConfig(options.config) : undefined;
    const schema = options.schema ?? config?.schema;
    const selection = config ?? (await storedSelection(dataSource, schema));
    // What is captured already is looked after, whatever the entities say that the tables don't have yet.
    const waits = selection !== undefined && selection !== config;
    return {
      dataSource,
      unsaid: waits ? unsaidEntities(dataSource, selection) : [],
      named: { ...selection, ...(schema && { schema }), ...(waits && { missingTables: 'wait' }) },
    };
  } catch (error) {
    await dataSource.destroy();
    throw error;
  }
}

/** The DataSource of the file, connected. */
export async function connect(options: ApplicationOptions): Promise<DataSource> {
  if (!options.dataSource) {
    throw new InvalidOptionsError(
      'No application was named, and none was found in the usual places.',
      'Add --data-source dist/data-source.js (a file that exports a TypeORM DataSource) or --app dist/app.module.js, or say it once: "backstory": { "dataSource": "dist/data-source.js" } in package.json.',
    );
  }
  const dataSource = await findDataSource(await loadFile(options.dataSource), options.dataSource);
  if (!dataSource.isInitialized) await initialize(dataSource);
  return dataSource;
}

interface NestContext {
  get(token: unknown, options: object): unknown;
  close(): Promise<void>;
}

async function bootNestApplication(file: string): Promise<NestContext> {
  const module = Object.values(await loadFile(file)).find(isModuleClass);
  if (!module)
    throw new InvalidOptionsError(`${file} exports no Nest module.`, 'Name the file with the root module.');
  const { NestFactory } = createRequire(resolve(file))('@nestjs/core') as {
    NestFactory: { createApplicationContext(module: unknown, options: object): Promise<NestContext> };
  };
  // Its consumers stay where they are.
  (globalThis as Record<symbol, unknown>)[Symbol.for('backstory:CommandLine')] = true;
  return NestFactory.createApplicationContext(module, { logger: ['error', 'warn'], abortOnError: false });
}

async function openNestApplication(file: string): Promise<OpenedBackstory> {
  const context = await bootNestApplication(file);
  try {
    const backstory = context.get(Symbol.for('Backstory, of BackstoryModule.forRoot() in the root module'), {
      strict: false,
    }) as Backstory;
    return { backstory, close: () => context.close() };
  } catch (error) {
    await context.close();
    throw new BackstoryError(
      'INVALID_OPTIONS',
      `${file} doesn't import BackstoryModule.`,
      'Add BackstoryModule.forRoot() to its imports.',
      { cause: error },
    );
  }
}

function isModuleClass(candidate: unknown): boolean {
  const reflect = Reflect as unknown as { hasMetadata?: (key: string, target: object) => boolean };
  return typeof candidate === 'function' && (reflect.hasMetadata?.('imports', candidate) ?? false);
}
