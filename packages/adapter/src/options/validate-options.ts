import { InvalidOptionsError } from '../errors.js';
import type { BackstoryOptions } from './options.js';
import { refuseUnknownOptions } from './unknown-options.js';

/** @throws InvalidOptionsError for a value that can't be meant */
export function validateOptions(options: BackstoryOptions): void {
  const { schema, install: mode, shadow, stagePollMs, consumers = {}, encryption } = options;
  if ('tenants' in options) {
    throw new InvalidOptionsError(
      '"tenants" is no option of a single history.',
      'Call createBackstoryForTenants(), or in Nest BackstoryTenantsModule.forRoot().',
    );
  }
  refuseUnknownOptions(options);
  for (const [option, value] of Object.entries(consumers)) {
    if (typeof value === 'number' && value >= 10) continue;
    throw new InvalidOptionsError(
      `consumers.${option} ${String(value)} is too small.`,
      'Use at least 10 milliseconds.',
    );
  }
  if (encryption && typeof encryption.keys?.wrap !== 'function') {
    throw new InvalidOptionsError(
      'encryption.keys is no key provider.',
      "Use fileKeys('backstory.keys') while you develop; environmentKeys(), kmsKeys({ … }), or an object with wrap() and unwrap().",
    );
  }
  validateReplayCache(options.replay?.cache);
  if (schema !== undefined && (schema === '' || schema.length > 63)) {
    throw new InvalidOptionsError(
      `schema "${schema}" is no PostgreSQL identifier.`,
      'Use 1 to 63 characters.',
    );
  }
  if (mode !== undefined && mode !== 'auto' && mode !== 'check') {
    throw new InvalidOptionsError(`install: "${String(mode)}" is unknown.`, "Use 'auto' or 'check'.");
  }
  if (shadow?.sample !== undefined && !(shadow.sample >= 0 && shadow.sample <= 1)) {
    throw new InvalidOptionsError(`shadow.sample ${shadow.sample} is no share.`, 'Use a number from 0 to 1.');
  }
  if (stagePollMs !== undefined && !(stagePollMs >= 10 && stagePollMs <= 1_000)) {
    throw new InvalidOptionsError(
      `stagePollMs ${stagePollMs} is too ${stagePollMs > 1_000 ? 'large' : 'small'}.`,
      'Use 10 to 1000 milliseconds: who changes a stage relies on it that all instances follow within a second.',
    );
  }
}

function validateReplayCache(cache: unknown): void {
  if (cache === undefined || cache === false) return;
  if (typeof cache !== 'object' || cache === null) {
    throw new InvalidOptionsError(
      `replay.cache ${JSON.stringify(cache)} is no size.`,
      'Use { entries, megabytes }, or false for none.',
    );
  }
  const { entries = 1, megabytes = 1 } = cache as { entries?: unknown; megabytes?: unknown };
  if (!(Number.isInteger(entries) && Number(entries) >= 1 && Number(entries) <= 10_000_000)) {
    throw new InvalidOptionsError(
      `replay.cache.entries ${JSON.stringify(entries)} is no number of states.`,
      'Use a whole number from 1 to 10 000 000, or cache: false for none.',
    );
  }
  if (!(Number.isFinite(megabytes) && Number(megabytes) > 0 && Number(megabytes) <= 1_000_000)) {
    throw new InvalidOptionsError(
      `replay.cache.megabytes ${JSON.stringify(megabytes)} is no amount of memory.`,
      'Use a number above 0, or cache: false for none.',
    );
  }
}
