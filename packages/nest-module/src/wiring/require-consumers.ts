import type { ModulesContainer } from '@nestjs/core';
import { getBackstoryToken } from '../backstory.tokens.js';
import { forRootInWords } from './call-in-words.js';
import { WiringError } from './wiring-error.js';

/**
 * For a class with `@OnEvent` methods: that somebody calls them.
 * @throws WiringError MODULE_MISSING where nobody imports the BackstoryModule of their DataSource
 */
export function requireConsumers(modules: ModulesContainer, handlers: string, dataSource: string): void {
  const token = getBackstoryToken(dataSource);
  if ([...modules.values()].some(({ providers }) => providers.has(token))) return;
  const call = forRootInWords('BackstoryModule', dataSource);
  throw new WiringError(
    'MODULE_MISSING',
    `${handlers} handles events of the DataSource "${dataSource}", and nobody imports ${call}: they would never be called.`,
    `Import ${call} in the root module, or correct "dataSource" in the decorator of ${handlers}. Events of tenants are handled by consumers defined on each tenant.`,
  );
}
