import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Backstory } from '../backstory.js';
import type { Finding } from '../admin/index.js';
import { createBackstory } from '../create-backstory.js';
import { doctor } from '../doctor.js';
import { BackstoryError, InvalidOptionsError } from '../errors.js';
import type { BackstoryLogger, BackstoryOptions } from '../options.js';
import { storedSelection } from '../stored-selection.js';
import { type DataSource, findDataSource, initialize, isDataSource } from '../typeorm/index.js';

/** How the command line says which application it is for. */
export interface ApplicationOptions {
  dataSource?: string;
  app?: string;
  config?: string;
  schema?: string;
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
  const { dataSource, named } = await openDataSource(options);
  try {
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
  const { dataSource, named } = await openDataSource(options);
  return doctor(dataSource, named).finally(() => dataSource.destroy());
}

/** The DataSource of the file, connected, and the options of --config or of the application's last start. */
async function openDataSource(
  options: ApplicationOptions,
): Promise<{ dataSource: DataSource; named: BackstoryOptions }> {
  if (!options.dataSource) {
    throw new InvalidOptionsError(
      'No application was named.',
      'Add --data-source dist/data-source.js (a file that exports a TypeORM DataSource) or --app dist/app.module.js.',
    );
  }
  const dataSource = findDataSource(await load(options.dataSource), options.dataSource);
  if (!dataSource.isInitialized) await initialize(dataSource);
  try {
    const config = options.config ? await loadConfig(options.config) : undefined;
    const schema = options.schema ?? config?.schema;
    const selection = config ?? (await storedSelection(dataSource, schema));
    return { dataSource, named: { ...selection, ...(schema && { schema }) } };
  } catch (error) {
    await dataSource.destroy();
    throw error;
  }
}

async function openNestApplication(file: string): Promise<OpenedBackstory> {
  const module = Object.values(await load(file)).find(isModuleClass);
  if (!module)
    throw new InvalidOptionsError(`${file} exports no Nest module.`, 'Name the file with the root module.');
  const { NestFactory } = createRequire(resolve(file))('@nestjs/core') as {
    NestFactory: {
      createApplicationContext(
        module: unknown,
        options: object,
      ): Promise<{ get(token: symbol, options: object): unknown; close(): Promise<void> }>;
    };
  };
  // Its consumers stay where they are.
  (globalThis as Record<symbol, unknown>)[Symbol.for('backstory:CommandLine')] = true;
  const context = await NestFactory.createApplicationContext(module, {
    logger: ['error', 'warn'],
    abortOnError: false,
  });
  try {
    const backstory = context.get(Symbol.for('backstory:Backstory'), { strict: false }) as Backstory;
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

async function load(file: string): Promise<Record<string, unknown>> {
  const path = resolve(file);
  if (!existsSync(path)) {
    throw new InvalidOptionsError(
      `There is no file ${path}.`,
      'Give the path of the compiled JavaScript file, from the current folder.',
    );
  }
  const exports = (await import(pathToFileURL(path).href).catch((error: unknown) => {
    if ((error as { code?: string }).code !== 'ERR_UNKNOWN_FILE_EXTENSION') throw error;
    throw new InvalidOptionsError(
      `Node.js can't load ${path}.`,
      'Name the compiled JavaScript file (.js, .cjs or .mjs), not its source.',
    );
  })) as Record<string, unknown>;
  // A CommonJS module's exports stand under "default", and its own default export under that.
  const commonJs = exports['default'];
  return typeof commonJs === 'object' && commonJs !== null && !isDataSource(commonJs)
    ? { ...exports, ...(commonJs as Record<string, unknown>) }
    : exports;
}

async function loadConfig(file: string): Promise<BackstoryOptions> {
  const exports = await load(file);
  return (
    (exports['default'] as { default?: BackstoryOptions }).default ??
    (exports['default'] as BackstoryOptions) ??
    exports
  );
}

function isModuleClass(candidate: unknown): boolean {
  const reflect = Reflect as unknown as { hasMetadata?: (key: string, target: object) => boolean };
  return typeof candidate === 'function' && (reflect.hasMetadata?.('imports', candidate) ?? false);
}
