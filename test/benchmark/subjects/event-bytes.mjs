import { createBackstory } from '@backstory/adapter';
import { createTestDatabase } from '@backstory/test/postgres';
import { DataSource } from 'typeorm';
import { wideRow } from './wide-row.mjs';

/**
 * @typedef {object} EventBytes
 * @property {number} columns
 * @property {string} what
 * @property {number} json bytes of the data as text; 0 for a row
 * @property {number} bytes on the disk with all indexes
 */

/** What is compared, as the condition for its events and how `data` is stored. */
const variants = [
  { what: 'created: full state', change: 'c', storage: '' },
  { what: 'created, no compression', change: 'c', storage: 'alter column data set storage external' },
  { what: 'created, lz4', change: 'c', storage: 'alter column data set compression lz4' },
  { what: 'updated: two columns', change: 'u', storage: '' },
];

/**
 * Rows of one width, each created and updated once under capture; what a row and its events take.
 * @param {string} serverUrl
 * @param {number} columns
 * @param {number} rows
 * @returns {Promise<EventBytes[]>}
 */
export async function eventBytes(serverUrl, columns, rows) {
  const { entity, insert, update } = wideRow(columns);
  const database = await createTestDatabase({ serverUrl });
  const dataSource = new DataSource({
    type: 'postgres',
    url: database.url,
    entities: [entity],
    synchronize: true,
  });
  await dataSource.initialize();
  const backstory = await createBackstory(dataSource);
  try {
    await dataSource.query(insert, [rows]);
    const [row] = await dataSource.query(`select pg_total_relation_size('wide')::float8 / $1 as bytes`, [
      rows,
    ]);
    await dataSource.query(update);
    /** @type {EventBytes[]} */
    const figures = [{ columns, what: 'row', json: 0, bytes: row.bytes }];
    for (const { what, change, storage } of variants) {
      await dataSource.query('create table measured (like backstory.events including all)');
      if (await isPossible(dataSource, storage)) {
        await dataSource.query(
          // Put together anew: what is compressed already would be copied as it is.
          `insert into measured (stream_position, recorded_at, change, category, stream_id, type, data, metadata)
           select stream_position, recorded_at, change, category, stream_id, type, (data::text || '')::json, metadata
           from backstory.events where change = $1 order by backstory.events.global_position`,
          [change],
        );
        const [measured] = await dataSource.query(
          `select pg_total_relation_size('measured')::float8 / count(*) as bytes, avg(octet_length(data::text))::float8 as json
           from measured`,
        );
        figures.push({ columns, what, ...measured });
      }
      await dataSource.query('drop table measured');
    }
    return figures;
  } finally {
    await backstory.close();
    await dataSource.destroy();
    await database.drop();
  }
}

/** A server may have been built without lz4. @param {DataSource} dataSource @param {string} storage */
async function isPossible(dataSource, storage) {
  if (!storage) return true;
  try {
    await dataSource.query(`alter table measured ${storage}`);
    return true;
  } catch {
    return false;
  }
}
