import { setImmediate } from 'node:timers/promises';
import type { InjectionToken } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import type { WiringError } from './wiring-error.js';

/**
 * What was injected as optional, for factories that say themselves what is missing. Nest gives undefined for a dependency that nobody
 * provides and for one that has failed; of the latter the application gets its own error, which is on its way.
 * @throws what `missing` makes, of the name of the module that provides it out of sight
 */
export async function requireProvided<Injected>(
  injected: Injected | undefined,
  token: InjectionToken,
  modules: ModulesContainer,
  missing: (providedBy: string | undefined) => WiringError,
): Promise<Injected> {
  if (injected !== undefined) return injected;
  const provider = [...modules.values()].find(({ providers }) => providers.has(token));
  if (provider) await setImmediate();
  throw missing(provider?.name);
}
