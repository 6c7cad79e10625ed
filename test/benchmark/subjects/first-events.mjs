/** What a backfill writes, as one bare statement into a table like the events'. */
export const insertFirstEvents = `
  insert into bare (category, stream_id, stream_position, change, type, data, metadata)
  select 'article', id::text, 1, 'c', 'ArticleCreated', to_json(t), '{"origin":"backfill"}' from article t`;

/**
 * As before the first backfill. Events refuse to be deleted. The checkpoint hands the WAL's files back for use.
 * @param {import('typeorm').DataSource} dataSource
 */
export async function forgetFirstEvents(dataSource) {
  await dataSource.query(`
    truncate bare;
    alter table backstory.events disable trigger user;
    truncate backstory.events;
    alter table backstory.events enable trigger user;
    delete from backstory.backfills`);
  await dataSource.query('checkpoint');
}
