import { BackstoryError } from '../../errors.js';
import type { TargetDatabase, TargetSession } from './target-database.js';

const name = 'backstory projections';
const patienceSeconds = 10;
const idleMs = 60_000;

/** While nobody else creates or drops what belongs to projections there; in one transaction where statements about tables can be taken back. */
export async function aloneInTarget<Result>(
  target: TargetDatabase,
  work: (session: TargetSession) => Promise<Result>,
): Promise<Result> {
  if (target.dialect === 'postgres')
    return target.transaction(idleMs, async (session) => {
      await session.execute(`select pg_advisory_xact_lock(hashtext('${name}'))`);
      return work(session);
    });
  return target.session(async (session) => {
    const [row] = await session.execute<{ locked: unknown }>(
      `select get_lock('${name}', ${patienceSeconds}) as locked`,
    );
    if (Number(row?.locked) !== 1)
      throw new BackstoryError(
        'DATABASE_UNREACHABLE',
        `Somebody else has been creating tables of projections in ${target.place} for ${patienceSeconds} seconds.`,
        'Nothing, when it ends soon. Else look for it with SHOW PROCESSLIST and end it.',
      );
    try {
      return await work(session);
    } finally {
      await session.execute(`select release_lock('${name}') as released`).catch(() => undefined);
    }
  });
}
