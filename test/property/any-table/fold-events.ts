import type { Client } from 'pg';
import { id } from './quoting.js';

/** Properties and what they stand for, as the text of PostgreSQL's jsonb. */
type State = Map<string, string>;

export interface Folded {
  readonly root: State | undefined;
  /** By path, and by id of the part. */
  readonly parts: ReadonlyMap<string, ReadonlyMap<string, State>>;
}

interface EventRow {
  id: string;
  position: number;
  change: 'c' | 'u' | 'd';
  data: [key: string, value: string][];
  parts: [path: string, id: string, data: [key: string, value: string][] | null][];
}

/** A fold that shares nothing with Backstory's: creation, change and end of each stream of a category, by its text in the log. */
export async function foldEvents(
  client: Client,
  schema: string,
  category: string,
  paths: readonly string[],
): Promise<Map<string, Folded>> {
  const { rows } = await client.query<EventRow>(
    `select stream_id as id, stream_position::int as position, change::text as change,
       (select coalesce(json_agg(json_build_array(d.key, d.value::jsonb::text)), '[]') from json_each(data::json) d where d.key <> all ($2)) as data,
       (select coalesce(json_agg(json_build_array(p.key, r.key, case when json_typeof(r.value) = 'object' then (
           select coalesce(json_agg(json_build_array(d.key, d.value::jsonb::text)), '[]') from json_each(r.value) d) end)), '[]')
        from json_each(data::json) p cross join json_each(case when json_typeof(p.value) = 'object' then p.value else '{}' end) r where p.key = any ($2)) as parts
     from ${id(schema)}.events where category = $1 order by stream_id, stream_position`,
    [category, paths],
  );
  const streams = new Map<string, Folded>();
  const last = new Map<string, number>();
  for (const { id: stream, position, change, data, parts } of rows) {
    if (position !== (last.get(stream) ?? 0) + 1)
      throw new Error(`${category}-${stream}: position ${position} is behind ${last.get(stream) ?? 0}`);
    last.set(stream, position);
    const before = streams.get(stream) ?? { root: undefined, parts: new Map<string, Map<string, State>>() };
    const states = new Map([...before.parts].map(([path, of]) => [path, new Map(of)]));
    if (change === 'c' && before.root)
      throw new Error(`${category}-${stream}: created twice, at ${position}`);
    if (change !== 'c' && change !== 'd' && !before.root && data.length > 0)
      throw new Error(`${category}-${stream}: ${change} of nothing, at ${position}`);
    for (const [path, of, values] of parts) {
      const ofPath = states.get(path) ?? new Map<string, State>();
      states.set(path, ofPath);
      if (values) ofPath.set(of, new Map([...(ofPath.get(of) ?? []), ...values]));
      else ofPath.delete(of);
    }
    const root =
      change === 'd'
        ? undefined
        : change === 'c'
          ? new Map(data)
          : before.root && new Map([...before.root, ...data]);
    streams.set(stream, { root, parts: states });
  }
  return streams;
}
