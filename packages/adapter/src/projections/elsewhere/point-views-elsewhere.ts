import { generationTable } from '../projection-definition.js';
import type { GenerationElsewhere } from './generation-elsewhere.js';
import { relationExists } from './relation-exists.js';
import type { TargetSession } from './target-database.js';

/**
 * Has the views read the tables of a generation, all at once: in the transaction that is open, or, where a statement about tables ends
 * the transaction, by renaming them all in one statement. Half of it may have been done before.
 */
export async function pointViewsElsewhere(session: TargetSession, of: GenerationElsewhere): Promise<void> {
  const { target, generation } = of;
  const { quote } = target;
  const renames: string[] = [];
  const old: string[] = [];
  for (const view of of.definition.tables ?? []) {
    const table = quote(generationTable(view, generation));
    if (target.dialect === 'postgres') {
      await session.execute(`drop view if exists ${quote(view)}`);
      await session.execute(`create view ${quote(view)} as select * from ${table}`);
      continue;
    }
    const [next, last] = [quote(`${view}_next_view`), quote(`${view}_last_view`)];
    await session.execute(`drop view if exists ${last}`);
    await session.execute(`create or replace view ${next} as select * from ${table}`);
    if (await relationExists(session, target, view)) {
      renames.push(`${quote(view)} to ${last}`);
      old.push(last);
    }
    renames.push(`${next} to ${quote(view)}`);
  }
  if (renames.length > 0) await session.execute(`rename table ${renames.join(', ')}`);
  for (const view of old) await session.execute(`drop view if exists ${view}`);
}
