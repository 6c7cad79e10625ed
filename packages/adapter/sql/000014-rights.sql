-- What an application's role does to the tables of the log, and no more. A verify has proven that an aggregate of this form replays
-- to its rows: they may be read by replay from now on, also parts that are owned since the streams have begun.
create function :schema.settle(of_category text, proven text) returns void
  language sql security definer set search_path = pg_catalog, pg_temp as $$
  update :schema.aggregates a set replayed_oid = a.table_oid
  where a.category = of_category and a.replayed_oid is distinct from a.table_oid and exists (
    select from :schema.verifications v
    where v.category = of_category and v.fingerprint = proven and v.drifted = 0 and v.without_event = 0)
$$;

-- The archive is as append-only as the log: what comes in is what the log has, to the letter, and nothing in it is changed.
-- While a dump comes in, its tables are filled one after the other, and this is not asked: see captures().
create function :schema.require_logged_events() returns trigger language plpgsql as $$
declare
  forged text;
begin
  if not exists (select from :schema.aggregates a where a.bound_in = a.tableoid) then return null; end if;
  select concat(n.category, '-', n.stream_id, '@', n.stream_position) into forged
    from new_events n where not exists (
      select from :schema.events e
      where e.category = n.category and e.stream_id = n.stream_id and e.stream_position = n.stream_position
        and e.global_position = n.global_position and e.recorded_at = n.recorded_at and e.change = n.change and e.type = n.type
        and e.data::text = n.data::text and e.metadata = n.metadata)
    limit 1;
  if found then
    raise exception 'Backstory: % is not what the log has, the archive refuses it', forged
      using errcode = 'restrict_violation', hint = 'Events come into the archive from the log only: npx backstory archive --help';
  end if;
  return null;
end $$;

create trigger archive_is_append_only before update or truncate on :schema.archived_events
  for each statement execute function :schema.refuse_change_of_events();

create trigger archive_takes_what_the_log_has after insert on :schema.archived_events
  referencing new table as new_events for each statement execute function :schema.require_logged_events();
