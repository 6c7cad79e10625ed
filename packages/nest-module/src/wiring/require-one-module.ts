import 'reflect-metadata';
import type { DynamicModule } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { getBackstoryToken } from '../backstory.tokens.js';
import { forRootInWords } from './call-in-words.js';
import { WiringError } from './wiring-error.js';

/** @throws WiringError MODULE_TWICE where several modules would open the history of one DataSource */
export function requireOneModule(modules: ModulesContainer, dataSource: string): void {
  const token = getBackstoryToken(dataSource);
  const all = [...modules.values()];
  const count = all.filter(({ providers }) => providers.has(token)).length;
  if (count < 2) return;
  // by what @Module says: a global module is among the imports of all
  const importers = all.filter(({ metatype }) => importsOf(metatype).some((each) => provides(each, token)));
  const where = importers.length > 0 ? `, in ${importers.map(({ name }) => name).join(' and ')}` : '';
  throw new WiringError(
    'MODULE_TWICE',
    `${forRootInWords('BackstoryModule', dataSource)} is imported ${count} times for one DataSource${where}.`,
    'Import it once, in the root module; other modules say what they add by BackstoryModule.forFeature([…]). A second DataSource is named: { dataSource: … }.',
  );
}

function importsOf(module: object): readonly unknown[] {
  return (Reflect.getMetadata('imports', module) as unknown[] | undefined) ?? [];
}

function provides(imported: unknown, token: symbol): boolean {
  const { providers = [] } = (imported ?? {}) as Partial<DynamicModule>;
  return providers.some((provider) => 'provide' in provider && provider.provide === token);
}
