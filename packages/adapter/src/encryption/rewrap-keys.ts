import { type Database, quoteIdentifier } from '../database/index.js';
import type { ProgressOptions } from '../observation/index.js';
import { explainKeyTable } from './explain-keys.js';
import type { KeyProvider, WrappedKey } from './providers/index.js';

/** What has come of giving data keys another wrapping. */
export interface RewrapReport {
  /** Keys that the provider's present key wraps from now on. */
  readonly rewrapped: number;
  /** Of all that live. */
  readonly living: number;
  /** Set where the signal has stopped it before its end: called again, it goes on. */
  readonly stopped?: true;
}

const pageSize = 200;

interface StoredRow {
  readonly subject: string;
  readonly wrapped: string;
  readonly key_id: string;
}

/**
 * Wraps every living data key by the provider's present key that another has wrapped, so that this can be given up. The data keys
 * stay as they are: what was encrypted stays readable. Interrupted, it goes on when it is called again. One that is erased meanwhile stays so.
 * @throws BackstoryError RIGHTS_MISSING: the table is its owner's; what the provider throws
 */
export async function rewrapKeys(
  database: Database,
  schema: string,
  provider: KeyProvider,
  { onProgress, signal }: ProgressOptions = {},
): Promise<RewrapReport> {
  const table = `${quoteIdentifier(schema)}.subject_keys`;
  const pageAfter = (subject: string): Promise<StoredRow[]> =>
    database.execute<StoredRow>(
      `select subject, encode(wrapped, 'hex') as wrapped, key_id from ${table}
       where state = 'living' and subject > $1 order by subject limit ${pageSize}`,
      [subject],
    );
  let page = await pageAfter('').catch((error: unknown) => {
    throw explainKeyTable(error);
  });
  const [first] = page;
  if (!first) return { rewrapped: 0, living: 0 };
  // one that has lost its keys might make a new one, rather than say that it has none
  await provider.unwrap(asWrapped(first), { subject: first.subject });
  const present = await provider.wrap(Buffer.alloc(32), { subject: 'none' });
  const [{ total } = { total: 0 }] = await database.execute<{ total: number }>(
    `select count(*)::float8 as total from ${table} where state = 'living'`,
  );
  let [rewrapped, living] = [0, 0];
  while (page.length > 0) {
    const anew: { subject: string; before: string; wrapped: string; by: string }[] = [];
    let looked = 0;
    for (const row of page) {
      // each may be a call over the network: those that are wrapped by now are kept
      if (signal?.aborted) break;
      onProgress?.({ done: living + looked, total, unit: 'keys' });
      looked++;
      if (row.key_id === present.keyId) continue;
      const { subject, wrapped: before } = row;
      const dataKey = await provider.unwrap(asWrapped(row), { subject });
      const { keyId: by, wrapped: bytes } = await provider.wrap(dataKey, { subject });
      anew.push({ subject, before, wrapped: Buffer.from(bytes).toString('hex'), by });
    }
    const done = await database.transaction((sql) =>
      sql.execute(
        `update ${table} k set wrapped = decode(n.wrapped, 'hex'), key_id = n.by
       from json_to_recordset($1::json) as n (subject text, before text, wrapped text, by text)
       where k.subject = n.subject collate "C" and k.state = 'living' and k.wrapped = decode(n.before, 'hex') returning k.subject`,
        [JSON.stringify(anew)],
      ),
    );
    rewrapped += done.length;
    living += looked;
    if (looked < page.length) return { rewrapped, living: total, stopped: true };
    page = await pageAfter(page.at(-1)?.subject ?? '');
  }
  return { rewrapped, living };
}

function asWrapped({ key_id: keyId, wrapped }: StoredRow): WrappedKey {
  return { keyId, wrapped: Buffer.from(wrapped, 'hex') };
}
