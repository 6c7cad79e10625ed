/**
 * Triggers that write a constant event for each row that changes, and differ only in when it gets its position: with a look at the
 * end of its stream, as events of one row do, or at commit, as those of aggregates with parts do.
 * @type {Record<'at write' | 'at commit', string>}
 */
const numberedEvents = {
  'at write': `
    insert into backstory.events (category, stream_id, stream_position, change, type, data)
    select 'article', e.stream_id, h.position + 1, 'u', 'ArticleUpdated', '{"stock": 1}'
    from (select id::text as stream_id from changed_rows) e
    cross join lateral (
      select coalesce(max(v.stream_position), 0) as position from backstory.events v
      where v.category = 'article' and v.stream_id = e.stream_id) h;`,
  'at commit': `
    insert into backstory.pending_events (category, stream_id, stream_position, change, type, data, first)
    select 'article', e.stream_id, h.position + 1, 'u', 'ArticleUpdated', '{"stock": 1}', row_number() over () = 1
    from (select id::text as stream_id from changed_rows) e
    cross join lateral (
      select coalesce(max(v.stream_position), 0) as position from backstory.visible_events v
      where v.category = 'article' and v.stream_id = e.stream_id) h;`,
};

/**
 * @param {import('typeorm').DataSource} dataSource
 * @param {keyof typeof numberedEvents} when
 */
export async function numberEvents(dataSource, when) {
  await dataSource.query('drop trigger "00_backstory_update" on article');
  await dataSource.query(`
    create function write_numbered_event() returns trigger language plpgsql as $$
    begin
      ${numberedEvents[when]}
      return null;
    end $$;
    create trigger write_numbered_event after update on article
      referencing new table as changed_rows for each statement execute function write_numbered_event()`);
}
