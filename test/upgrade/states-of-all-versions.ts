import type { Backstory } from '@backstory/adapter';
import type { DataSource } from 'typeorm';
import { frozenState } from './frozen-state.js';

/** What `load` gives for every stream at every version, by name of the stream. */
export async function statesOfAllVersions(
  dataSource: DataSource,
  backstory: Backstory,
): Promise<Record<string, unknown[]>> {
  const streams: { category: string; id: string; last: number }[] = await dataSource.query(
    `select category, stream_id as id, max(stream_position)::integer as last from backstory.events
     group by 1, 2 order by 1, 2`,
  );
  const states: Record<string, unknown[]> = {};
  for (const { category, id, last } of streams) {
    const entity = entityOf(dataSource, category);
    const versions = (states[`${category}-${id}`] = [] as unknown[]);
    for (let version = 1; version <= last; version++) {
      versions.push(frozenState(dataSource, entity, await backstory.load(entity, id, { version })));
    }
  }
  return states;
}

function entityOf(dataSource: DataSource, category: string): string {
  const found = dataSource.entityMetadatas.find(
    ({ name }) => name.replaceAll('_', '').toLowerCase() === category.toLowerCase(),
  );
  if (!found) throw new Error(`No entity has the category "${category}"`);
  return found.name;
}
