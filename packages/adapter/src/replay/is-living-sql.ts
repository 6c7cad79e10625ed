import { quoteIdentifier } from '../database/index.js';

/** Behind the deletion of a root there are events of parts that went with it, seldom more than so many. */
const lastEvents = 20;

/** An expression for whether a stream of a category lives, by the last events of it. One that has ended without an event of its own doesn't. */
export function isLivingSql(schema: string, category: string, streamId: string): string {
  const name = quoteIdentifier(schema);
  return `(select not ${name}.ended_untracked(${category}, ${streamId}) and coalesce(max(last.stream_position) filter (where last.change = 'c'), 0)
            >= coalesce(max(last.stream_position) filter (where last.change = 'd'), 0)
        from (select v.change, v.stream_position from ${name}.events v
              where v.category = ${category} and v.stream_id = ${streamId} and v.change <> 'n'
              order by v.stream_position desc limit ${lastEvents}) last)`;
}
