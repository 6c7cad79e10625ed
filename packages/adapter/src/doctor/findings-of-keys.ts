import type { Finding } from '../admin/index.js';
import { type SqlExecutor, sqlState } from '../database/index.js';
import { type WrappingKey, wrappingKeys } from '../encryption/index.js';
import { BackstoryError } from '../errors.js';
import type { EncryptionOptions } from '../options/index.js';

/**
 * Whether the provider still has the keys under which those of subjects are wrapped. Nothing where the options name no provider, and
 * for a role that may not read the table: it is its owner's.
 */
export async function findingsOfKeys(
  sql: SqlExecutor,
  schema: string,
  encryption: EncryptionOptions | undefined,
): Promise<Finding[]> {
  if (!encryption) return [];
  try {
    return (await wrappingKeys(sql, schema, encryption.keys)).flatMap(findingOf);
  } catch (error) {
    // not installed yet, which another finding says
    if (BackstoryError.is(error, 'RIGHTS_MISSING') || sqlState(error) === '42P01') return [];
    const [line = ''] = (error as Error).message.split('\n');
    return [
      {
        severity: 'fault',
        problem: `the provider of keys does not wrap: ${line}`,
        remedy: 'Relays that encrypt wait until it does. Look why it fails.',
      },
    ];
  }
}

function findingOf(
  { keyId, subjects, present, problem }: WrappingKey,
  _n: number,
  all: readonly WrappingKey[],
): Finding[] {
  const keys = `${subjects} ${subjects === 1 ? 'key of a subject' : 'keys of subjects'}`;
  if (problem !== undefined) {
    return [
      {
        severity: 'fault',
        problem: `${keys} can't be unwrapped with "${keyId}", so nobody reads what is encrypted for them: ${problem}`,
        remedy: `Put the key "${keyId}" back, behind the one that wraps now. Then: npx backstory keys rewrap`,
      },
    ];
  }
  if (present || all.some((other) => other.problem !== undefined)) return [];
  return [
    {
      severity: 'hint',
      problem: `${keys} still need "${keyId}", which wraps no more`,
      remedy: 'npx backstory keys rewrap, before it is taken away',
    },
  ];
}
