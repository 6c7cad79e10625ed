-- Events that the application appends itself. Their change is n, for none: no fold looks at what is in them, whatever its names.
-- Not validated: every event that is there has been checked by the constraint that this one replaces.
alter table :schema.events drop constraint events_change_check;
alter table :schema.events add constraint events_change_check check (change in ('c', 'u', 'd', 'n')) not valid;

-- Categories without a table, whose streams have nothing but appended events.
create table :schema.topics (
  category text collate "C" primary key check (category <> ''),
  declared_at timestamptz not null default now()
);

-- expected: the last position that the stream had when an event was appended under the condition that nothing came after it.
-- unguarded: of a stream to which a row that comes back may write without its turn.
alter table :schema.pending_events add column expected bigint, add column unguarded boolean not null default false;

create or replace function :schema.fold_event(state jsonb, change "char", data json) returns jsonb
  language sql immutable parallel safe as $$
  select case change when 'u' then state || data::jsonb when 'c' then data::jsonb when 'n' then state end
$$;

-- As before, where what was expected still holds.
create or replace function :schema.move_pending_events() returns void language plpgsql as $$
declare
  own constant xid8 := pg_current_xact_id();
begin
  perform :schema.take_locks('ends', (
    select array_agg(distinct :schema.lock_of(concat(p.category, '-', p.stream_id)))
    from :schema.pending_events p where p.transaction = own));
  if exists (
    select from :schema.pending_events p
    where p.transaction = own and p.expected is not null and p.expected <> (
      select coalesce(max(e.stream_position), 0) from :schema.events e where e.category = p.category and e.stream_id = p.stream_id)) then
    raise exception 'could not serialize access due to a concurrent change of the same stream'
      using errcode = 'serialization_failure', hint = 'The transaction might succeed if retried.';
  end if;
  -- a first event that somebody else, or the backfill, has written meanwhile is there once
  if exists (
    select from :schema.pending_events p
    where p.transaction = own and p.stream_position = 1 and p.change = 'c' and p.metadata @> '{"origin":"backfill"}') then
    with begun as (
      delete from :schema.pending_events p
      where p.transaction = own and p.stream_position = 1 and p.change = 'c' and p.metadata @> '{"origin":"backfill"}' returning p.*)
    insert into :schema.events (stream_position, schema_version, change, category, stream_id, type, data, metadata)
    select 1, b.schema_version, b.change, b.category, b.stream_id, b.type, b.data, b.metadata from begun b order by b.place
    on conflict (category, stream_id, stream_position) do nothing;
  end if;
  with pending as (delete from :schema.pending_events p where p.transaction = own returning p.*),
  numbered as (
    select p.*, row_number() over stream as number, max(p.place) over stream as rank from pending p
    window stream as (partition by p.category, p.stream_id order by p.stream_position))
  insert into :schema.events (stream_position, schema_version, change, category, stream_id, type, data, metadata)
  select h.position + n.number, n.schema_version, n.change, n.category, n.stream_id, n.type, n.data, n.metadata
  from numbered n
  cross join lateral (
    select coalesce(max(e.stream_position), 0) as position from :schema.events e
    where e.category = n.category and e.stream_id = n.stream_id) h
  order by n.rank, n.number;
end $$;

-- As before. Where a row may have come back meanwhile, whose events don't wait for a turn, what was appended goes behind them.
create or replace function :schema.number_pending_events() returns trigger language plpgsql security definer
  set search_path = pg_catalog, pg_temp set enable_seqscan = off as $$
declare
  own constant xid8 := pg_current_xact_id();
  pending integer;
begin
  -- First by its key, for it may have been moved along with others: what was moved is still passed by in the index.
  pending := case when exists (
      select from :schema.pending_events p
      where p.transaction = own and p.category = new.category and p.stream_id = new.stream_id and p.stream_position = new.stream_position)
    then (select count(*) from (select from :schema.pending_events p where p.transaction = own limit 2) p)
    else 0 end;
  if pending = 0 then return null; end if;
  if current_setting('transaction_isolation') <> 'read committed' then
    begin
      perform :schema.move_pending_events();
    exception when unique_violation then
      raise exception 'could not serialize access due to a concurrent change of the same aggregate'
        using errcode = 'serialization_failure', hint = 'The transaction might succeed if retried.';
    end;
    return null;
  end if;
  if pending = 1 and new.expected is null and not new.unguarded and not (new.stream_position = 1 and new.metadata @> '{"origin":"backfill"}') then
    delete from :schema.pending_events p
    where p.transaction = own and p.category = new.category and p.stream_id = new.stream_id and p.stream_position = new.stream_position;
    perform pg_advisory_xact_lock(:schema.kind_of_lock('ends'), :schema.lock_of(concat(new.category, '-', new.stream_id)));
    insert into :schema.events (stream_position, schema_version, change, category, stream_id, type, data, metadata)
    select coalesce(max(e.stream_position), 0) + 1, new.schema_version, new.change, new.category, new.stream_id, new.type, new.data, new.metadata
    from :schema.events e where e.category = new.category and e.stream_id = new.stream_id;
    return null;
  end if;
  if exists (select from :schema.pending_events p where p.transaction = own and p.unguarded) then
    loop
      begin
        perform :schema.move_pending_events();
        return null;
      exception when unique_violation then
        -- whoever was first has committed: it is seen now
      end;
    end loop;
  end if;
  perform :schema.move_pending_events();
  return null;
end $$;

-- The function that looks for the row of a stream, and writes its first event: made along with those that capture its table.
create function :schema.beginning_of(in_category text) returns text language sql stable as $$
  select 'begin_append_' || left(encode(sha256(convert_to(in_category, 'UTF8')), 'hex'), 32)
$$;

-- The context of the statement as metadata, without what is not the application's to say.
create function :schema.appended_metadata(statement text) returns jsonb language sql stable as $$
  select (case when left(statement, 12) = '/*backstory ' then :schema.statement_context(statement) else '{}' end
    - array['$events', 'erased', 'erasure', 'filled']) || '{"origin":"append"}'
$$;

-- As append_events(), in a turn that it has, or takes, for itself.
create function :schema.append_in_turn(
  in_category text, in_stream_id text, appended json, in_schema_version smallint, expected bigint, must_exist boolean
) returns table (outcome text, "position" bigint) language plpgsql as $$
#variable_conflict use_column
declare
  metadata constant jsonb := :schema.appended_metadata(current_query());
  is_serializable constant boolean := current_setting('transaction_isolation') = 'serializable';
  own constant xid8 := pg_current_xact_id();
  known record;
  has_row boolean := false;
  of_parts boolean := false;
  begun boolean := false;
  at_commit boolean := true;
  is_topic boolean := false;
  committed bigint;
  first_pending bigint;
  last_pending bigint := 0;
  seen bigint;
begin
  select a.fingerprint, coalesce((a.captured ->> 'schemaVersion')::smallint, 1::smallint) as version into known
  from :schema.aggregates a where a.category = in_category and a.part = '';
  if found then
    if known.fingerprint is null then return query select 'off', null::bigint; return; end if;
    if in_schema_version not between 1 and known.version then
      raise exception 'Backstory: "%" has no schema version %', in_category, in_schema_version using errcode = 'invalid_parameter_value';
    end if;
    -- the names that capture, backfill, repair and erasure give to events of a category are nobody else's
    if exists (
      select from :schema.aggregates a cross join json_array_elements(appended) e
      where a.category = in_category and (jsonb_path_query_array(a.captured, '$.eventTypes.*') ? (e ->> 'type')
        or jsonb_path_query_array(a.captured, '$.rules[*].type') ? (e ->> 'type'))) then
      return query select 'taken', null::bigint; return;
    end if;
    execute $call$select * from :schema.$call$ || quote_ident(:schema.beginning_of(in_category)) || '($1)'
      into has_row, of_parts, begun using in_stream_id;
    at_commit := of_parts or not has_row;
    if not has_row and not exists (
      select from :schema.visible_events v where v.category = in_category and v.stream_id = in_stream_id) then
      return query select 'missing', null::bigint; return;
    end if;
  elsif exists (select from :schema.topics t where t.category = in_category) then
    if in_schema_version <> 1 then
      raise exception 'Backstory: "%" has no schema version %', in_category, in_schema_version using errcode = 'invalid_parameter_value';
    end if;
    is_topic := true;
  else
    return query select 'unknown', null::bigint; return;
  end if;
  -- who can't look for pending events without failing for them: see docs/adr/0005
  if at_commit and is_serializable then
    perform :schema.take_locks('ends', array[:schema.lock_of(concat(in_category, '-', in_stream_id))]);
    at_commit := false;
  end if;
  select coalesce(max(e.stream_position), 0) into committed from :schema.events e where e.category = in_category and e.stream_id = in_stream_id;
  seen := committed;
  if at_commit then
    select min(p.stream_position), coalesce(max(p.stream_position), 0) into first_pending, last_pending from :schema.pending_events p
    where p.transaction = own and p.category = in_category and p.stream_id = in_stream_id;
    -- counted only where somebody else has written since the first of them
    seen := case when first_pending is null then committed
      when first_pending = committed + 1 then last_pending
      else committed + (select count(*) from :schema.pending_events p
        where p.transaction = own and p.category = in_category and p.stream_id = in_stream_id) end;
  end if;
  if expected is not null and expected <> (case when begun and expected = 0 then seen - 1 else seen end) or must_exist and seen = 0 then
    return query select 'unexpected', seen; return;
  end if;
  if at_commit then
    insert into :schema.pending_events (
      stream_position, schema_version, change, first, category, stream_id, type, data, metadata, expected, unguarded)
    select greatest(committed, last_pending) + a.n, in_schema_version, 'n', a.n = 1, in_category, in_stream_id, a.e ->> 'type', a.e -> 'data', metadata,
      case when a.n = 1 and expected is not null then committed end, not is_topic and not of_parts
    from json_array_elements(appended) with ordinality a (e, n) order by a.n;
  else
    insert into :schema.events (stream_position, schema_version, change, category, stream_id, type, data, metadata)
    select committed + a.n, in_schema_version, 'n', in_category, in_stream_id, a.e ->> 'type', a.e -> 'data', metadata
    from json_array_elements(appended) with ordinality a (e, n) order by a.n;
  end if;
  return query select 'appended', seen + json_array_length(appended);
end $$;

-- Appends events of the application's own to one stream, in its transaction: [{"type": "ReminderSent", "data": {}}, ...]. They change
-- nothing that a fold looks at, and bear no name that capture gives. expected: the position that the stream must end at; must_exist:
-- that it must have events. The outcome is appended, with the position of the last as this transaction sees it; unexpected, with
-- the position that the stream ends at; or taken (a type), missing (neither row nor events), off or unknown (the category). Only
-- what was appended has written something, but for the first event of a row that had none.
create function :schema.append_events(
  in_category text, in_stream_id text, appended json, in_schema_version smallint, expected bigint, must_exist boolean
) returns table (outcome text, "position" bigint) language plpgsql security definer
  set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off as $$
#variable_conflict use_column
begin
  if in_category is null or coalesce(in_stream_id, '') = '' or appended is null then
    return query select 'unknown', null::bigint; return;
  end if;
  -- jsonb takes less than json, and whoever compares events reads them as jsonb
  if jsonb_typeof(appended::jsonb) <> 'array' or json_array_length(appended) = 0 or exists (
    select from json_array_elements(appended) e
    where json_typeof(e) <> 'object' or coalesce(e ->> 'type', '') = '' or json_typeof(e -> 'data') is distinct from 'object') then
    raise exception 'Backstory: events are an array of {"type": "...", "data": {}}' using errcode = 'invalid_parameter_value';
  end if;
  if current_setting('transaction_isolation') in ('repeatable read', 'serializable') then
    begin
      return query select * from :schema.append_in_turn(in_category, in_stream_id, appended, in_schema_version, expected, must_exist);
    exception when unique_violation then
      raise exception 'could not serialize access due to a concurrent change of the same stream'
        using errcode = 'serialization_failure', hint = 'The transaction might succeed if retried.';
    end;
  else
    return query select * from :schema.append_in_turn(in_category, in_stream_id, appended, in_schema_version, expected, must_exist);
  end if;
end $$;

revoke execute on function :schema.append_events(text, text, json, smallint, bigint, boolean) from public;

-- As before. In appended events names of keys and of parts mean nothing.
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
