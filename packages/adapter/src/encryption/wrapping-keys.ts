import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { explainKeyTable } from './explain-keys.js';
import type { KeyProvider } from './providers/index.js';

/** A key of the provider, under which data keys of subjects are wrapped. */
export interface WrappingKey {
  readonly keyId: string;
  /** How many data keys of living subjects it wraps. */
  readonly subjects: number;
  /** Whether it is the one that wraps now. False for all where the provider can't tell. */
  readonly present: boolean;
  /** Why the provider can't unwrap with it: nobody reads what is encrypted for these subjects. Of each the oldest and the newest data key are tried. */
  readonly problem?: string;
}

interface Sample {
  readonly key_id: string;
  readonly subjects: number;
  readonly subject: string;
  readonly wrapped: string;
}

/**
 * Under which keys data keys are wrapped, and whether the provider still has them. The one that wraps now is among them only if it
 * has wrapped one.
 * @throws BackstoryError RIGHTS_MISSING: the table is its owner's
 */
export async function wrappingKeys(
  sql: SqlExecutor,
  schema: string,
  provider: KeyProvider,
): Promise<WrappingKey[]> {
  const table = `${quoteIdentifier(schema)}.subject_keys`;
  const samples = await sql
    .execute<Sample>(
      `select g.key_id, g.subjects::float8 as subjects, s.subject, encode(s.wrapped, 'hex') as wrapped
       from (select key_id, count(*) as subjects from ${table} where state = 'living' group by key_id) g
       cross join lateral (
         (select subject, wrapped from ${table} k where k.key_id = g.key_id order by created_at, subject limit 1)
         union
         (select subject, wrapped from ${table} k where k.key_id = g.key_id order by created_at desc, subject desc limit 1)) s
       order by g.key_id`,
    )
    .catch((error: unknown) => {
      throw explainKeyTable(error);
    });
  const problems = new Map<string, string>();
  for (const { key_id: keyId, subject, wrapped } of samples) {
    try {
      await provider.unwrap({ keyId, wrapped: Buffer.from(wrapped, 'hex') }, { subject });
    } catch (error) {
      problems.set(keyId, firstLine(error));
    }
  }
  // one that has lost its keys might make new ones, rather than say that it has none
  const isSound = samples.length > 0 && problems.size === 0;
  const present = isSound ? (await provider.wrap(Buffer.alloc(32), { subject: 'none' })).keyId : undefined;
  const found = new Map(samples.map(({ key_id: keyId, subjects }) => [keyId, subjects]));
  return [...found].map(([keyId, subjects]) => {
    const problem = problems.get(keyId);
    return { keyId, subjects, present: keyId === present, ...(problem !== undefined && { problem }) };
  });
}

function firstLine(error: unknown): string {
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  return line;
}
