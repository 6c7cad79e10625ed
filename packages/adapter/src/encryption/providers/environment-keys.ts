import { BackstoryError } from '../../errors.js';
import type { KeyProvider } from './key-provider.js';
import { parseSecrets } from './parse-secrets.js';
import { secretKeys } from './secret-keys.js';

/**
 * Wraps data keys with AES-256-GCM under a key from an environment variable: 32 bytes in base64 with an id,
 * `2026=mJ6…=`. To replace it put the new one in front, `2027=…,2026=…`: the first wraps, all of them unwrap.
 * The variable is read when a key is first needed.
 * @param variable - its name
 * @throws when first used, BackstoryError KEYS_UNUSABLE where it isn't set, or is no such list
 * @example await createBackstory(dataSource, { encryption: { keys: environmentKeys('BACKSTORY_KEYS') } });
 */
export function environmentKeys(variable = 'BACKSTORY_KEYS'): KeyProvider {
  const whence = `the environment variable ${variable}`;
  return secretKeys(() => {
    const text = process.env[variable];
    if (text !== undefined) return parseSecrets(text, whence);
    throw new BackstoryError(
      'KEYS_UNUSABLE',
      `There are no keys: ${whence} is not set.`,
      `Set it to id=base64 of 32 random bytes, such as ${variable}=2026=$(openssl rand -base64 32), and keep it: without it nobody reads what was encrypted.`,
    );
  }, whence);
}
