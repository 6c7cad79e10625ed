import { BackstoryError } from '../../errors.js';

const bare = 'default';

/**
 * Secrets as text: `id=base64` each, 32 bytes, apart by commas or lines; one alone needs no id. The first wraps.
 * @throws BackstoryError KEYS_UNUSABLE for what is no such list. The message has nothing of a secret
 */
export function parseSecrets(text: string, whence: string): ReadonlyMap<string, Buffer> {
  const entries = text
    .split(/[\n,]/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '' && !entry.startsWith('#'));
  const secrets = new Map<string, Buffer>();
  for (const [index, entry] of entries.entries()) {
    const [, id = bare, base64 = ''] = /^(?:([\w.-]+)=)?([A-Za-z0-9+/_-]{43}=?)$/.exec(entry) ?? [];
    const secret = Buffer.from(base64, 'base64');
    if (secret.length !== 32) throw unusable(whence, `key ${index + 1} is not 32 bytes in base64`);
    if (secrets.has(id)) throw unusable(whence, `there are two keys "${id}"`);
    secrets.set(id, secret);
  }
  if (secrets.size === 0) throw unusable(whence, 'there is no key in it');
  return secrets;
}

function unusable(whence: string, what: string): BackstoryError {
  return new BackstoryError(
    'KEYS_UNUSABLE',
    `The keys of ${whence} can't be used: ${what}.`,
    'Give id=base64 of 32 random bytes, such as 2026=$(openssl rand -base64 32); several apart by commas, the one that wraps first.',
  );
}
