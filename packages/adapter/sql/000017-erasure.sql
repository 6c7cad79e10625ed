-- Streams of which values were erased. Verify compares them value by value, and repair doesn't bring back what is named here.
create table :schema.erasures (
  category text collate "C" not null,
  stream_id text collate "C" not null,
  -- as events name them; those of parts behind the path of their relation
  properties jsonb not null default '[]',
  erased_at timestamptz not null default now(),
  primary key (category, stream_id)
);

-- Data without the values that a tree names: {"name": null} for a property, {"lines": {"7": {"text": null}}} for one of a part.
-- They are null then, and everything else is as it was, to the letter.
create function :schema.redacted(data json, tree jsonb) returns json language plpgsql immutable as $$
begin
  return (
    select concat('{', string_agg(concat(to_json(m.key), ':', case
        when not tree ? m.key then m.value::text
        when tree -> m.key = 'null' then 'null'
        when json_typeof(m.value) = 'object' then :schema.redacted(m.value, tree -> m.key)::text
        else m.value::text end), ',' order by m.n), '}')
    from json_each(data) with ordinality m (key, value, n))::json;
end $$;

-- The values that a tree names and that are there: as they are marked in the event, and by property.
create function :schema.redacted_values(data json, tree jsonb) returns table (mark text, property text)
  language sql immutable as $$
  select m.key, m.key from json_each(data) m where tree -> m.key = 'null' and json_typeof(m.value) <> 'null'
  union all
  select concat(m.key, '.', replace(replace(r.key, '%', '%25'), '.', '%2E'), '.', p.key), concat(m.key, '.', p.key)
  from json_each(data) m
  cross join lateral json_each(
    case when json_typeof(m.value) = 'object' and jsonb_typeof(tree -> m.key) = 'object' then m.value else '{}' end) r
  cross join lateral json_each(
    case when json_typeof(r.value) = 'object' and jsonb_typeof(tree -> m.key -> r.key) = 'object' then r.value else '{}' end) p
  where tree -> m.key -> r.key -> p.key = 'null' and json_typeof(p.value) <> 'null'
$$;

-- Metadata that say of some values that they are erased.
create function :schema.with_marks(metadata jsonb, marks text[]) returns jsonb language sql immutable as $$
  select case when cardinality(marks) = 0 then metadata
    else metadata || jsonb_build_object('erased', (
      select jsonb_agg(distinct m) from (
        select unnest(marks) union all select jsonb_array_elements_text(coalesce(metadata -> 'erased', '[]'))) x (m))) end
$$;

-- Whether data differ in nothing but values that have become null.
create function :schema.is_redaction(before json, after json) returns boolean language plpgsql immutable as $$
begin
  return (
    select coalesce(bool_and(case
        when b.key is distinct from a.key then false
        when b.value::text = a.value::text or json_typeof(a.value) = 'null' then true
        when json_typeof(b.value) = 'object' and json_typeof(a.value) = 'object' then :schema.is_redaction(b.value, a.value)
        else false end), true)
    from json_each(before) with ordinality b (key, value, n)
    full join json_each(after) with ordinality a (key, value, n) using (n));
end $$;

-- As before, but for what erase_events() does, which the trigger behind it looks at.
create or replace function :schema.refuse_change_of_events() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and current_setting('backstory.erasing', true) = 'on' then return null; end if;
  raise exception 'Backstory: events are append-only, % is refused', tg_op
    using errcode = 'restrict_violation',
          hint = 'Append a correction instead: npx backstory repair --help';
end $$;

-- Nobody can write another value into an event, only take one away.
create function :schema.require_redaction() returns trigger language plpgsql as $$
begin
  if exists (
    select from before_it b full join after_it a using (global_position)
    where a.stream_position is distinct from b.stream_position or a.recorded_at is distinct from b.recorded_at
      or a.schema_version is distinct from b.schema_version or a.change is distinct from b.change
      or a.category is distinct from b.category or a.stream_id is distinct from b.stream_id or a.type is distinct from b.type
      or not :schema.is_redaction(b.data, a.data)
      or a.metadata - 'erased' - 'actor' <> b.metadata - 'erased' - 'actor'
      or not coalesce(a.metadata -> 'erased', '[]') @> coalesce(b.metadata -> 'erased', '[]')
      or a.metadata -> 'actor' is distinct from b.metadata -> 'actor' and a.metadata -> 'actor' is distinct from '"erased"'
  ) then
    raise exception 'Backstory: events are append-only, an UPDATE that does more than erase values is refused'
      using errcode = 'restrict_violation', hint = 'See npx backstory erase --help';
  end if;
  return null;
end $$;

create trigger events_change_by_erasure_alone after update on :schema.events
  referencing old table as before_it new table as after_it for each statement execute function :schema.require_redaction();

create trigger archive_changes_by_erasure_alone after update on :schema.archived_events
  referencing old table as before_it new table as after_it for each statement execute function :schema.require_redaction();

-- Erases values of one stream, in the log and in the archive, and appends an event that says so. It can do nothing else: values
-- become null, each with a mark, and an actor becomes "erased". A redaction names an event and the tree of its values:
-- {"position": 3, "archived": false, "tree": {"name": null}, "actor": false}. Where nothing of it is there any more, nothing happens.
-- Run with the row and the end of the stream locked.
create function :schema.erase_events(
  in_category text, in_stream_id text, redactions jsonb, in_type text, in_schema_version smallint, in_actor text, in_reason text
) returns table (events bigint, erased_position bigint, properties jsonb) language plpgsql security definer
  set search_path = pg_catalog, pg_temp set enable_seqscan = off as $$
#variable_conflict use_column
declare
  positions bigint[];
  in_archive bigint[];
  named jsonb;
  placed bigint;
begin
  if exists (
    select from jsonb_array_elements(redactions) r join :schema.aggregates a on a.category = in_category
    where case when a.part = '' then exists (
          select from jsonb_array_elements_text(coalesce(a.captured -> 'key', '[]')) k where r -> 'tree' -> k = 'null')
        when r -> 'tree' ? a.part then jsonb_typeof(r -> 'tree' -> a.part) <> 'object'
          or jsonb_path_exists(r -> 'tree' -> a.part, '$.* ? (@.type() <> "object")')
        else false end) then
    raise exception 'Backstory: what tells rows apart can''t be erased' using errcode = 'restrict_violation';
  end if;
  -- who keeps a snapshot has read the events before it waits, or reads them when it has waited
  perform :schema.take_locks('erasure', array[0]);
  -- who seals reads the events before it waits, or finds them erased: no salt is kept for a value that is gone
  perform pg_advisory_xact_lock(hashtext('backstory seal'), hashtext((
    select n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = $name$:schema.events$name$::regclass)));
  select coalesce(jsonb_agg(distinct p.property), '[]') into named
  from jsonb_array_elements(redactions) r
  join (
    select false as archived, e.stream_position, e.data from :schema.events e where e.category = in_category and e.stream_id = in_stream_id
    union all
    select true, e.stream_position, e.data from :schema.archived_events e where e.category = in_category and e.stream_id = in_stream_id
  ) e on e.stream_position = (r ->> 'position')::bigint and e.archived = coalesce((r ->> 'archived')::boolean, false)
  cross join lateral :schema.redacted_values(e.data, r -> 'tree') p;

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
  if events = 0 then return next; return; end if;

  update :schema.event_commitments c set salt = null
  where c.global_position = any (coalesce(positions, '{}') || coalesce(in_archive, '{}'));
  delete from :schema.snapshots n where n.category = in_category and n.stream_id = in_stream_id;
  -- an error message may have values in it
  update :schema.parked_events p set error = 'erased'
  where p.category = in_category and p.stream_id = in_stream_id and p.error is not null;
  update :schema.discarded_events d set error = 'erased'
  where d.error is not null and exists (
    select from :schema.all_events e
    where e.category = in_category and e.stream_id = in_stream_id and e.global_position = d.global_position);
  update :schema.consumers c set error = 'erased'
  where c.error is not null and exists (
    select from :schema.events e
    where e.category = in_category and e.stream_id = in_stream_id and e.global_position > c.position);

  insert into :schema.erasures as known (category, stream_id, properties) values (in_category, in_stream_id, named)
  on conflict (category, stream_id) do update set erased_at = now(), properties = (
    select coalesce(jsonb_agg(distinct p), '[]') from (
      select jsonb_array_elements(known.properties) union all select jsonb_array_elements(excluded.properties)) x (p));
  insert into :schema.events (category, stream_id, stream_position, change, schema_version, type, data, metadata)
  select in_category, in_stream_id, greatest(
      (select max(e.stream_position) from :schema.events e where e.category = in_category and e.stream_id = in_stream_id),
      (select a.through from :schema.archived_streams a where a.category = in_category and a.stream_id = in_stream_id)) + 1,
    'u', in_schema_version, in_type, '{}', jsonb_strip_nulls(jsonb_build_object(
      'origin', 'erasure', 'actor', in_actor, 'reason', in_reason,
      'erasure', jsonb_build_object('properties', named, 'events', events)))
  returning stream_position into placed;
  erased_position := placed;
  return next;
end $$;

create function :schema.redactions_of(redactions jsonb, of_archive boolean) returns table (place bigint, tree jsonb, actor boolean)
  language sql immutable as $$
  select (r ->> 'position')::bigint, r -> 'tree', coalesce((r ->> 'actor')::boolean, false)
  from jsonb_array_elements(redactions) r where coalesce((r ->> 'archived')::boolean, false) = of_archive
$$;

create function :schema.is_to_be_redacted(data json, metadata jsonb, tree jsonb, actor boolean) returns boolean
  language sql immutable as $$
  select exists (select from :schema.redacted_values(data, tree))
    or actor and metadata ? 'actor' and metadata ->> 'actor' <> 'erased' and metadata ->> 'origin' is distinct from 'erasure'
$$;

revoke execute on function :schema.erase_events(text, text, jsonb, text, smallint, text, text) from public;

-- As before. Nobody but erase_events() says that a value was erased.
create or replace function :schema.statement_context(statement text) returns jsonb language plpgsql immutable as $$
declare
  json constant text := case when left(statement, 12) = '/*backstory ' then substr(statement, 13, greatest(strpos(statement, '*/') - 13, 0)) end;
  context jsonb;
begin
  begin
    context := json;
  exception when others then
    context := :schema.encodable_context(json);
  end;
  if jsonb_typeof(context) is distinct from 'object' then return '{}'; end if;
  if context ? 'erased' then context := context - 'erased'; end if;
  if context ? '$events' then return :schema.sound_intents(context); end if;
  return context;
end $$;

-- What a reader of a stream is told of an event: behind its data the marks, where it has some.
create function :schema.event_text(stream_position bigint, change "char", schema_version smallint, type text, data json, metadata jsonb)
  returns text language sql stable as $$
  select concat('[', stream_position, ',"', change, '",', schema_version, ',', to_json(type), ',', data,
    case when metadata ? 'erased' then concat(',', metadata -> 'erased') end, ']')
$$;

-- As before, with the marks.
create or replace function :schema.stream_tail(in_category text, in_stream_id text, in_fingerprint text) returns text language plpgsql stable
  set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  kept record;
  found_events text;
  begins bigint := 0;
  head text := 'null';
  last bigint;
  pending text;
begin
  if in_fingerprint is not null and has_table_privilege($name$:schema.snapshots$name$::regclass, 'select') then
    select n.stream_position as position, n.state into kept from :schema.snapshots n
    where n.category = in_category collate "C" and n.stream_id = in_stream_id collate "C" and n.fingerprint = in_fingerprint collate "C"
    order by n.stream_position desc limit 1;
    if found then
      begins := kept.position;
      head := concat('[', kept.position, ',', kept.state, ']');
    end if;
  end if;
  select string_agg(:schema.event_text(e.stream_position, e.change, e.schema_version, e.type, e.data, e.metadata), ',')
  into found_events
  from (select v.stream_position, v.change, v.schema_version, v.type, v.data, v.metadata from :schema.events v
        where v.category = in_category collate "C" and v.stream_id = in_stream_id collate "C" and v.stream_position > begins
        order by v.stream_position) e;
  if pg_current_xact_id_if_assigned() is not null and :schema.has_pending_events(in_category) then
    select max(v.stream_position) into last from :schema.events v
    where v.category = in_category collate "C" and v.stream_id = in_stream_id collate "C";
    select string_agg(:schema.event_text(coalesce(last, 0) + e.number, e.change, e.schema_version, e.type, e.data, e.metadata), ',' order by e.number)
    into pending
    from (select p.*, row_number() over (order by p.stream_position) as number from :schema.pending_events p
          where p.transaction = pg_current_xact_id_if_assigned() and p.category = in_category collate "C" and p.stream_id = in_stream_id collate "C") e;
    found_events := nullif(concat_ws(',', found_events, pending), '');
  end if;
  if found_events is null and begins = 0 then return null; end if;
  return concat('[', head, ',[', found_events, ']]');
end $$;

create or replace function :schema.stream_tails(in_category text, in_stream_ids text[], in_fingerprint text)
  returns table (id text, tail text) language plpgsql stable
  set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
begin
  -- the statement below needs the right even where it looks for nothing
  if not has_table_privilege($name$:schema.snapshots$name$::regclass, 'select') then
    return query
    select i.id, t.tail from unnest(in_stream_ids) i (id)
    cross join lateral (select :schema.stream_tail(in_category, i.id, null) as tail) t where t.tail is not null;
    return;
  end if;
  if pg_current_xact_id_if_assigned() is not null and :schema.has_pending_events(in_category) then
    return query
    select i.id, t.tail from unnest(in_stream_ids) i (id)
    cross join lateral (select :schema.stream_tail(in_category, i.id, in_fingerprint) as tail) t where t.tail is not null;
    return;
  end if;
  return query
  select i.id, concat('[', case when s.position is null then 'null' else concat('[', s.position, ',', s.state, ']') end, ',[', t.events, ']]')
  from unnest(in_stream_ids) i (id)
  left join lateral (
    select n.stream_position as position, n.state from :schema.snapshots n
    where n.category = in_category collate "C" and n.stream_id = i.id collate "C" and n.fingerprint = in_fingerprint collate "C"
    order by n.stream_position desc limit 1) s on true
  cross join lateral (
    select string_agg(:schema.event_text(e.stream_position, e.change, e.schema_version, e.type, e.data, e.metadata), ',') as events
    from (select v.stream_position, v.change, v.schema_version, v.type, v.data, v.metadata from :schema.events v
          where v.category = in_category collate "C" and v.stream_id = i.id collate "C" and v.stream_position > coalesce(s.position, 0)
          order by v.stream_position) e) t
  where t.events is not null or s.position is not null;
end $$;

create or replace function :schema.stream_tails_until(
  in_category text, in_stream_ids text[], in_fingerprint text, in_version bigint, in_as_of timestamptz
) returns table (id text, tail text) language plpgsql stable
  set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off as $$
begin
  return query
  select i.id, concat('[', case when s.at is null then 'null' else concat('[', s.at, ',', s.state, ']') end, ',[', t.events, ']]')
  from unnest(in_stream_ids) i (id)
  left join lateral :schema.snapshot_until(in_category, i.id, in_fingerprint, in_version, in_as_of) s on true
  cross join lateral (
    select string_agg(:schema.event_text(e.stream_position, e.change, e.schema_version, e.type, e.data, e.metadata), ',' order by e.stream_position) as events
    from :schema.all_events e
    where e.category = in_category collate "C" and e.stream_id = i.id collate "C" and e.stream_position > coalesce(s.at, 0)
      and (in_version is null or e.stream_position <= in_version)
      and (in_as_of is null or e.recorded_at < in_as_of + interval '1 millisecond')) t
  where t.events is not null or s.at is not null;
end $$;
