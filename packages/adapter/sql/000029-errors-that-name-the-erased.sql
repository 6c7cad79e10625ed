-- As before, but for errors of handlers that name the person while an event of another stream is handled: whatever text has a value that is
-- being erased goes, where the value is long enough to be meant.

-- Texts of what redacted() would take out of an event's data: of strings and numbers, and of those within JSON.
create function :schema.redacted_texts(data json, tree jsonb) returns setof text language sql immutable
  set search_path = pg_catalog, pg_temp as $$
  select distinct v.value #>> '{}'
  from (
    select m.value::jsonb as value from json_each(data) m where tree -> m.key = 'null'
    union all
    select p.value::jsonb from json_each(data) m
    cross join lateral json_each(
      case when json_typeof(m.value) = 'object' and jsonb_typeof(tree -> m.key) = 'object' then m.value else '{}' end) r
    cross join lateral json_each(
      case when json_typeof(r.value) = 'object' and jsonb_typeof(tree -> m.key -> r.key) = 'object' then r.value else '{}' end) p
    where tree -> m.key -> r.key -> p.key = 'null'
  ) erased
  cross join lateral jsonb_path_query(erased.value, 'lax $.**') v (value)
  where jsonb_typeof(v.value) in ('string', 'number') and length(v.value #>> '{}') >= 4
$$;

create or replace function :schema.erase_events(
  in_category text, in_stream_id text, redactions jsonb, in_type text, in_schema_version smallint, in_actor text, in_reason text
) returns table (events bigint, erased_position bigint, properties jsonb) language plpgsql security definer
  set search_path = pg_catalog, pg_temp set enable_seqscan = off as $$
#variable_conflict use_column
declare
  positions bigint[];
  in_archive bigint[];
  named jsonb;
  placed bigint;
  texts text[];
begin
  if exists (
    select from jsonb_array_elements(redactions) r join :schema.aggregates a on a.category = in_category
    where case when a.part = '' then exists (
          select from jsonb_array_elements_text(coalesce(a.captured -> 'key', '[]')) k where r -> 'tree' -> k = 'null')
        when r -> 'tree' ? a.part then jsonb_typeof(r -> 'tree' -> a.part) <> 'object'
          or jsonb_path_exists(r -> 'tree' -> a.part, '$.* ? (@.type() <> "object")')
        else false end
      -- what the application has appended has the names that it likes
      and not exists (
        select from :schema.events e
        where e.category = in_category and e.stream_id = in_stream_id and e.stream_position = (r ->> 'position')::bigint and e.change = 'n'
          and not coalesce((r ->> 'archived')::boolean, false)
        union all
        select from :schema.archived_events e
        where e.category = in_category and e.stream_id = in_stream_id and e.stream_position = (r ->> 'position')::bigint and e.change = 'n'
          and coalesce((r ->> 'archived')::boolean, false))) then
    raise exception 'Backstory: what tells rows apart can''t be erased' using errcode = 'restrict_violation';
  end if;
  -- who keeps a snapshot has read the events before it waits, or reads them when it has waited
  perform :schema.take_locks('erasure', array[0]);
  -- who seals reads the events before it waits, or finds them erased: no salt is kept for a value that is gone
  perform pg_advisory_xact_lock(hashtext('backstory seal'), hashtext((
    select n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = $name$:schema.events$name$::regclass)));
  select coalesce(jsonb_agg(distinct p.property) filter (where p.property is not null), '[]'), array(select distinct t from unnest(array_agg(p.text)) t where t is not null) into named, texts
  from jsonb_array_elements(redactions) r
  join (
    select false as archived, e.stream_position, e.data from :schema.events e where e.category = in_category and e.stream_id = in_stream_id
    union all
    select true, e.stream_position, e.data from :schema.archived_events e where e.category = in_category and e.stream_id = in_stream_id
  ) e on e.stream_position = (r ->> 'position')::bigint and e.archived = coalesce((r ->> 'archived')::boolean, false)
  cross join lateral (
    select v.property, null::text as text from :schema.redacted_values(e.data, r -> 'tree') v
    union all
    select null, t from :schema.redacted_texts(e.data, r -> 'tree') t) p;

  perform set_config('backstory.erasing', 'on', true);
  with redacted as (
    update :schema.events e
    set data = :schema.redacted(e.data, c.tree),
        metadata = :schema.with_marks(e.metadata, array(select v.mark from :schema.redacted_values(e.data, c.tree) v))
          || case when c.actor and e.metadata ? 'actor' then '{"actor":"erased"}' else '{}' end::jsonb
    from :schema.redactions_of(redactions, false) c
    where e.category = in_category and e.stream_id = in_stream_id and e.stream_position = c.place
      and :schema.is_to_be_redacted(e.data, e.metadata, c.tree, c.actor)
    returning e.global_position)
  select array_agg(r.global_position) into positions from redacted r;
  with redacted as (
    update :schema.archived_events e
    set data = :schema.redacted(e.data, c.tree),
        metadata = :schema.with_marks(e.metadata, array(select v.mark from :schema.redacted_values(e.data, c.tree) v))
          || case when c.actor and e.metadata ? 'actor' then '{"actor":"erased"}' else '{}' end::jsonb
    from :schema.redactions_of(redactions, true) c
    where e.category = in_category and e.stream_id = in_stream_id and e.stream_position = c.place
      and :schema.is_to_be_redacted(e.data, e.metadata, c.tree, c.actor)
    returning e.global_position)
  select array_agg(r.global_position) into in_archive from redacted r;
  perform set_config('backstory.erasing', 'off', true);
  events := cardinality(coalesce(positions, '{}')) + cardinality(coalesce(in_archive, '{}'));
  properties := named;
  -- an error message may have values in it
  update :schema.parked_events p set error = 'erased'
  where p.error is not null and (p.category = in_category and p.stream_id = in_stream_id
    or exists (select from unnest(texts) t where strpos(p.error, t) > 0));
  update :schema.discarded_events d set error = 'erased'
  where d.error is not null and (exists (
      select from :schema.all_events e
      where e.category = in_category and e.stream_id = in_stream_id and e.global_position = d.global_position)
    or exists (select from unnest(texts) t where strpos(d.error, t) > 0));
  update :schema.consumers c set error = 'erased'
  where c.error is not null and (exists (
      select from :schema.events e
      where e.category = in_category and e.stream_id = in_stream_id and e.global_position > c.position)
    or exists (select from unnest(texts) t where strpos(c.error, t) > 0));
  if events = 0 then return next; return; end if;

  update :schema.event_commitments c set salt = null
  where c.global_position = any (coalesce(positions, '{}') || coalesce(in_archive, '{}'));
  delete from :schema.snapshots n where n.category = in_category and n.stream_id = in_stream_id;
  insert into :schema.erasures as known (category, stream_id, properties) values (in_category, in_stream_id, named)
  on conflict (category, stream_id) do update set erased_at = now(), properties = (
    select coalesce(jsonb_agg(distinct p), '[]') from (
      select jsonb_array_elements(known.properties) union all select jsonb_array_elements(excluded.properties)) x (p));
  insert into :schema.events (category, stream_id, stream_position, change, schema_version, type, data, metadata)
  select in_category, in_stream_id, greatest(
      (select max(e.stream_position) from :schema.events e where e.category = in_category and e.stream_id = in_stream_id),
      (select a.through from :schema.archived_streams a where a.category = in_category and a.stream_id = in_stream_id)) + 1,
    case (select e.change from :schema.all_events e
      where e.category = in_category and e.stream_id = in_stream_id and e.change in ('c', 'd') order by e.stream_position desc limit 1)
      when 'd' then 'n' else 'u' end::"char",
    in_schema_version, in_type, '{}', jsonb_strip_nulls(jsonb_build_object(
      'origin', 'erasure', 'actor', in_actor, 'reason', in_reason,
      'erasure', jsonb_build_object('properties', named, 'events', events)))
  returning stream_position into placed;
  erased_position := placed;
  return next;
end $$;
