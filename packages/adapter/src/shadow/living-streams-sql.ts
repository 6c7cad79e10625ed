import { quoteIdentifier } from '../database/index.js';
import { isLivingSql } from '../replay/index.js';

/** Of the streams that it walks by, so many for each that it is to find: the others have ended. */
const patience = 5;

/**
 * An expression for how many living streams a category has, `most` if there are more. It walks from stream to stream by the
 * primary key, some probes of it for each. Null where so many streams have ended that this would take long.
 */
export function livingStreamsSql(schema: string, category: string, most: number): string {
  const events = `${quoteIdentifier(schema)}.events`;
  const next = (behind: string): string =>
    `(select v.stream_id from ${events} v where v.category = ${category} ${behind} order by v.stream_id limit 1) next`;
  const isLiving = `${isLivingSql(schema, category, 'next.stream_id')}::integer`;
  return `(with recursive walk (stream_id, streams, living) as (
      select next.stream_id, 1, ${isLiving} from ${next('')}
      union all
      select next.stream_id, w.streams + 1, w.living + ${isLiving}
      from walk w cross join lateral ${next('and v.stream_id > w.stream_id')}
      where w.living < ${most} and w.streams < ${patience * most}
    )
    select case when coalesce(max(w.living), 0) >= ${most} or coalesce(max(w.streams), 0) < ${patience * most}
                then coalesce(max(w.living), 0) end from walk w)`;
}
