import type { FactoryProvider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { OWN_DATA_SOURCE } from '../backstory.tokens.js';
import { requireProvided } from './require-provided.js';
import { WiringError } from './wiring-error.js';

/**
 * Provides the DataSource that a module of ours is for.
 * @throws WiringError DATA_SOURCE_UNKNOWN, from its factory, where the application has none of that name
 */
export function dataSourceOfModule(module: string, name = 'default'): FactoryProvider<DataSource> {
  const token = getDataSourceToken(name);
  return {
    provide: OWN_DATA_SOURCE,
    inject: [{ token, optional: true }, ModulesContainer],
    useFactory: (dataSource: DataSource | undefined, modules: ModulesContainer) =>
      requireProvided(dataSource, token, modules, (providedBy) =>
        providedBy === undefined
          ? unknown(module, name, namesIn(modules))
          : new WiringError(
              'DATA_SOURCE_UNKNOWN',
              `${module} can't see the DataSource "${name}" that ${providedBy} provides.`,
              `Put @Global() on ${providedBy} and the DataSource into its "exports", or use TypeOrmModule.forRoot().`,
            ),
      ),
  };
}

function unknown(module: string, name: string, known: readonly string[]): WiringError {
  const [first] = known;
  if (first === undefined)
    return new WiringError(
      'DATA_SOURCE_UNKNOWN',
      `${module} is imported, and the application has no DataSource${name === 'default' ? '' : `, nor one named "${name}"`}.`,
      `Import TypeOrmModule.forRoot({ type: 'postgres', … }) in the root module, beside ${module}.`,
    );
  const called = name === 'default' ? 'the DataSource without a name' : `the DataSource "${name}"`;
  return new WiringError(
    'DATA_SOURCE_UNKNOWN',
    `${module} is for ${called}, which the application doesn't have. It has: ${known.join(', ')}.`,
    first === 'default'
      ? `Leave { dataSource: '${name}' } out of ${module}, or give TypeOrmModule.forRoot({ name: '${name}', … }) its name.`
      : `Give ${module} the name of one of them, { dataSource: '${first}' }.`,
  );
}

/** The names of the DataSources that the application has, as `TypeOrmModule.forRoot({ name })` says them. */
function namesIn(modules: ModulesContainer): string[] {
  const unnamed = getDataSourceToken();
  const suffix = 'DataSource';
  const tokens = [...modules.values()].flatMap(({ providers }) => [...providers.keys()]);
  const names = tokens.flatMap((token) => {
    if (token === unnamed) return ['default'];
    return typeof token === 'string' && token.endsWith(suffix) ? [token.slice(0, -suffix.length)] : [];
  });
  return [...new Set(names)].sort();
}
