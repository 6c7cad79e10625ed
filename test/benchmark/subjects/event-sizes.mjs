import { articles, newArticle } from './article.mjs';
import { requestContext, withSubjects } from './subject.mjs';

const EVENTS = 50_000;

/**
 * What an event takes in the database, indexes included, as the application's own inserts leave it behind.
 * @param {import('../harness/benchmark.mjs').Run} run
 * @returns {Promise<import('../harness/benchmark.mjs').Section>}
 */
export async function eventSizes(run) {
  const subjects = /** @type {const} */ ({
    'without context': { recordedBy: 'backstory', rows: 0 },
    'with context': { recordedBy: 'backstory', rows: 0, context: requestContext },
  });
  const figures = await withSubjects(run.serverUrl, subjects, (opened) =>
    Promise.all(opened.map(async (subject) => ({ variant: subject.name, ...(await sizes(run, subject)) }))),
  );
  return {
    title: 'Bytes per event',
    figures,
    heading: ['events', 'JSON', 'metadata', 'table', 'indexes', 'together', 'goal'],
    cells: figures.map(({ variant, json, metadata, table, indexes }) => [
      variant,
      ...[json, metadata, table, indexes, table + indexes].map((bytes) => bytes.toFixed(0)),
      variant === 'without context' ? '≤ 400' : '',
    ]),
    notes: [
      'JSON and metadata: as text. Table and indexes: on the disk, after inserts of 500 rows at a time.',
    ],
  };
}

/**
 * @param {import('../harness/benchmark.mjs').Run} run
 * @param {import('./subject.mjs').Subject} subject
 * @returns {Promise<{ json: number, metadata: number, table: number, indexes: number }>}
 */
async function sizes(run, { dataSource, inContext }) {
  const batches = run.rounds(EVENTS / 500);
  for (let batch = 0; batch < batches; batch++) {
    const rows = Array.from({ length: 500 }, (_, number) => newArticle(batch * 500 + number));
    await inContext(() => dataSource.manager.insert(articles, rows));
  }
  const [row] = await dataSource.query(
    `select avg(octet_length(data::text))::float8 as json,
            coalesce(avg(octet_length(metadata::text)), 0)::float8 as metadata,
            pg_table_size('backstory.events')::float8 / count(*) as table,
            pg_indexes_size('backstory.events')::float8 / count(*) as indexes
     from backstory.events`,
  );
  return row;
}
