import type { Backstory } from '@backstory/adapter';
import type { DataSource } from 'typeorm';
import { rootOf } from './entity-schemas.js';
import { type EntityShape, quoted, type Release } from './release.js';
import { canonical } from './unique-values.js';

type Values = Record<string, unknown>;

/** Where what Backstory replays, by itself or under a repository's reads, isn't the row. Every row of every entity. */
export async function compareWithRows(
  dataSource: DataSource,
  backstory: Backstory,
  release: Release,
): Promise<string[]> {
  const wrong: string[] = [];
  const compare = (how: string, { name, columns }: EntityShape, row: Values, found: Values | undefined) => {
    for (const { property, column } of columns) {
      const [is, was] = [canonical(row[column]), canonical(found?.[property])];
      if (is !== was || !found)
        wrong.push(`${how} ${name} ${String(row['id'])}.${property}: ${was}, not ${is}`);
    }
  };
  for (const entity of release.entities) {
    const rows: Values[] = await dataSource.query(`select * from ${quoted(entity.table)}`);
    const read = byId(await dataSource.manager.find(entity.name));
    for (const row of rows) compare('read', entity, row, read.get(String(row['id'])));
    if (read.size !== rows.length) wrong.push(`${entity.name}: ${read.size} read of ${rows.length} rows`);

    const loaded = await loadAll(backstory, release, entity);
    for (const row of rows) compare('loaded', entity, row, loaded.get(String(row['id'])));
    if (loaded.size !== rows.length)
      wrong.push(`${entity.name}: ${loaded.size} loaded of ${rows.length} rows`);
  }
  return wrong;
}

async function loadAll(
  backstory: Backstory,
  release: Release,
  entity: EntityShape,
): Promise<Map<string, Values>> {
  const { root, path } = rootOf(release, entity);
  const states: Values[] = [];
  for await (const state of backstory.loadAll<Values>(root.name)) states.push(state);
  return byId(path.reduce((above, step) => above.flatMap((each) => (each[step] ?? []) as Values[]), states));
}

function byId(entities: readonly object[]): Map<string, Values> {
  return new Map(entities.map((entity) => [String((entity as Values)['id']), entity as Values]));
}
