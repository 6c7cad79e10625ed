import { articles } from './article.mjs';

/** @typedef {import('typeorm').DataSource} DataSource */

/** @param {DataSource} dataSource @param {number} id */
export function oneByHand(dataSource, id) {
  return foldedByHand(withEvents(dataSource).where({ id }).limit(1));
}

/** @param {DataSource} dataSource @param {object} where */
export function listByHand(dataSource, where) {
  return foldedByHand(withEvents(dataSource).where(where).orderBy('a.id', 'DESC').limit(100));
}

/** @param {DataSource} dataSource @param {string} id */
export async function loadByHand(dataSource, id) {
  /** @type {{ data: object }[]} */
  const events = await dataSource.query(
    `select data from backstory.events where category = 'article' and stream_id = $1 order by stream_position`,
    [id],
  );
  return dataSource.manager.create(articles, Object.assign({}, ...events.map(({ data }) => data)));
}

/** @param {DataSource} dataSource */
function withEvents(dataSource) {
  return dataSource.createQueryBuilder(articles, 'a').addSelect(
    `(select string_agg(e.data::text, ',' order by e.stream_position) from backstory.events e
      where e.category = 'article' and e.stream_id = a.id::text)`,
    'events',
  );
}

/** @param {import('typeorm').SelectQueryBuilder<import('typeorm').ObjectLiteral>} query */
async function foldedByHand(query) {
  const { raw, entities } = await query.getRawAndEntities();
  for (const [index, entity] of entities.entries())
    Object.assign(entity, ...JSON.parse(`[${raw[index].events}]`));
  return entities;
}
