import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import type { PageLength } from './page-length.js';
import { encodingCheck, nextPosition, readSealedEvents } from './read-sealed-events.js';
import type { BlockVerification, KeptCommitment } from './verify-block.js';

/** The events of consecutive blocks, and what is there behind a position. */
export async function compareSealedEvents(
  sql: SqlExecutor,
  schema: string,
  verifications: readonly BlockVerification[],
  behind: bigint,
  length: PageLength,
): Promise<void> {
  const check = await encodingCheck(sql, schema);
  const to = BigInt(verifications.at(-1)?.block.to ?? 0);
  let current = 0;
  for (let from = behind + 1n; from <= to;) {
    const wished = from + length.positions - 1n;
    const end = wished < to ? wished : to;
    await check(from, end);
    const page = await readSealedEvents(sql, schema, from, end);
    length.learn(page);
    const kept = page.events.length > 0 ? await readCommitments(sql, schema, from, end) : undefined;
    for (const each of page.events) {
      while (BigInt(verifications[current]?.block.to ?? each.position) < each.position) current++;
      const verification = verifications[current];
      // of a block that is gone, which is told; but below the first position there is none
      if (each.position > 0n && each.position < BigInt(verification?.block.from ?? 0)) continue;
      verification?.take(each, kept?.get(each.event.globalPosition));
    }
    from = page.events.length > 0 ? end + 1n : await nextPosition(sql, schema, end);
  }
  for (const verification of verifications) verification.end();
}

async function readCommitments(
  sql: SqlExecutor,
  schema: string,
  from: bigint,
  to: bigint,
): Promise<Map<string, KeptCommitment>> {
  const rows = await sql.executeText(
    `select global_position as position, encode(salt, 'hex') as salt, encode(commitment, 'hex') as commitment
     from ${quoteIdentifier(schema)}.event_commitments where global_position between $1 and $2`,
    [String(from), String(to)],
  );
  return new Map(
    rows.map(({ position, salt, commitment }) => [
      position as string,
      { salt: salt ?? null, commitment: commitment as string },
    ]),
  );
}
