-- As before, and of a row that is deleted: the last event is the deletion, and those before it change nothing that lasts.
create or replace function :schema.explained_events(
  in_category text, in_stream_id text, kind "char", patch json, context jsonb, announced jsonb, residual text
) returns table (step bigint, change "char", type text, data json, metadata jsonb) language plpgsql stable strict
  set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
#variable_conflict use_column
declare
  changed constant jsonb := patch;
  found_end bigint;
begin
  select max(e.stream_position) into found_end from :schema.events e
  where e.category = in_category and e.stream_id = in_stream_id and e.stream_position > (announced ->> 'expected')::bigint
    and e.metadata ->> 'scope' is distinct from context ->> 'scope'
    -- the row as it was read
    and not (e.stream_position = 1 and e.metadata @> '{"origin":"backfill"}');
  if found_end is not null then
    raise exception 'could not serialize access due to a concurrent change of the same stream'
      using errcode = 'serialization_failure', constraint = 'backstory_expected_version', detail = concat(announced ->> 'expected', ', ', found_end),
        hint = 'The transaction might succeed if retried.';
  end if;
  if kind = 'd' then
    return query
    select x.n, case when x.n = jsonb_array_length(announced -> 'events') then 'd' else 'n' end::"char", x.e ->> 'type',
      case when x.n < jsonb_array_length(announced -> 'events') then coalesce(x.e -> 'data', '{}')
        when coalesce(x.e -> 'data', '{}') = '{}' then '{}'
        else jsonb_build_object('$event', x.e -> 'data') end::json,
      context || '{"origin":"command"}'
    from jsonb_array_elements(announced -> 'events') with ordinality x (e, n) order by x.n;
    return;
  end if;
  return query
  with given as materialized (
    select x.n, x.e ->> 'type' as type, coalesce(x.e -> 'data', '{}') as own, coalesce(x.e -> 'meanwhile', '{}') as meanwhile,
      array(select jsonb_array_elements_text(x.e -> 'names')) as names
    from jsonb_array_elements(announced -> 'events') with ordinality x (e, n)
  ), named as materialized (
    select p.key, p.value, (select max(g.n) from given g where p.key = any (g.names)) as last from jsonb_each(changed) p
  ), told as (
    select g.n, g.type, g.own, kind = 'c' and g.n = 1 as creates, cardinality(g.names) > 0 as changes, (
        select coalesce(jsonb_object_agg(c.key, case when coalesce(c.last, 1) = g.n then c.value else coalesce(g.meanwhile -> c.key, 'null') end), '{}')
        from named c
        where case when kind = 'c' and g.n = 1 then true else c.key = any (g.names) and (c.last = g.n or g.meanwhile ? c.key) end
      ) as state
    from given g
  )
  select t.n, case when t.creates then 'c' when t.changes then 'u' else 'n' end::"char", t.type,
    case when t.creates or t.changes then case when t.own = '{}' then t.state else t.state || jsonb_build_object('$event', t.own) end else t.own end::json,
    context || '{"origin":"command"}'
  from told t
  union all
  select jsonb_array_length(announced -> 'events') + 1, 'u', residual, jsonb_object_agg(c.key, c.value)::json, context || '{"origin":"residual"}'
  from named c where c.last is null and kind <> 'c' having count(*) > 0
  order by 1;
end $$;

-- What a command on an aggregate with parts has changed: what its pending events come to together. Every value is a leaf, under the path and id of
-- the part that it is of, both empty of the root itself. A part that is gone is a leaf without a key.
create function :schema.pending_leaves(in_category text, in_stream_id text, scope text)
  returns table (path text, id text, key text, value jsonb) language sql stable as $$
  with told as materialized (
    select p.stream_position as position, d.key, d.value, exists (
        select from :schema.aggregates a where a.category = in_category and a.part = d.key and a.part <> '') as of_parts
    from :schema.pending_events p cross join jsonb_each(p.data::jsonb) d
    where p.transaction = pg_current_xact_id() and p.category = in_category and p.stream_id = in_stream_id and p.change <> 'n'
      and p.metadata ->> 'scope' = scope
  ), patches as materialized (
    select t.position, t.key as path, x.key as id, x.value as patch from told t cross join jsonb_each(t.value) x where t.of_parts
  ), ends as materialized (
    select p.path, p.id, max(p.position) as last, max(p.position) filter (where jsonb_typeof(p.patch) = 'null') as gone from patches p group by p.path, p.id
  )
  select '', '', t.key, (array_agg(t.value order by t.position desc))[1] from told t where not t.of_parts group by t.key
  union all
  select e.path, e.id, null, null from ends e where e.last = e.gone
  union all
  select p.path, p.id, v.key, (array_agg(v.value order by p.position desc))[1]
  from patches p join ends e using (path, id) cross join jsonb_each(case when jsonb_typeof(p.patch) = 'object' then p.patch else '{}' end) v
  where p.position > coalesce(e.gone, 0) and e.last is distinct from e.gone
  group by p.path, p.id, v.key
$$;

-- Puts the events of a command in place of those that capture has written for its statements, in the transaction in which they are pending: those with the
-- scope of the statement that calls this. Each event gets, of what has changed, what it names; what none of them names is an event of its own. So
-- whatever is announced, the events fold to what was captured. announced: {"events": [{"type", "data", "names", "meanwhile", "parts": {path: {id: {"whole",
-- "names", "meanwhile"}}}}]}. expected: where the stream has to end before them, now and at commit; null for wherever it does.
--
-- The outcome is told, with what was captured; taken (a type that capture gives); off; numbered, where the events have their positions already;
-- or unknown: no aggregate with parts, or no scope.
create function :schema.explain_pending(in_category text, in_stream_id text, expected bigint, announced jsonb)
  returns table (outcome text, recorded jsonb) language plpgsql security definer
  set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off as $$
#variable_conflict use_column
declare
  own constant xid8 := pg_current_xact_id();
  context constant jsonb := :schema.statement_context(current_query()) - array['$events', 'erased', 'erasure', 'filled', 'movedTo', 'movedFrom'];
  in_scope constant text := context ->> 'scope';
  last_event constant bigint := jsonb_array_length(announced -> 'events');
  known record;
  committed bigint;
  pending record;
  changes text[];
  kind text;
  leaves jsonb;
  written jsonb;
  appended jsonb;
begin
  select a.fingerprint, coalesce((a.captured ->> 'schemaVersion')::smallint, 1::smallint) as version,
    coalesce(a.captured -> 'eventTypes' ->> 'updated', 'Updated') as residual into known
  from :schema.aggregates a where a.category = in_category and a.part = '';
  if not found or coalesce(in_stream_id, '') = '' or in_scope is null or coalesce(last_event, 0) = 0
    or not exists (select from :schema.aggregates a where a.category = in_category and a.part <> '') then
    return query select 'unknown', null::jsonb; return;
  end if;
  if known.fingerprint is null then return query select 'off', null::jsonb; return; end if;
  select coalesce(max(e.stream_position), 0) into committed from :schema.events e where e.category = in_category and e.stream_id = in_stream_id;
  if exists (
    select from :schema.events e
    where e.category = in_category and e.stream_id = in_stream_id and e.stream_position > coalesce(expected, 0) and e.metadata ->> 'scope' = in_scope) then
    return query select 'numbered', null::jsonb; return;
  end if;
  select min(p.stream_position) filter (where p.is_own) as first, coalesce(max(p.stream_position), committed) as last,
    count(*) filter (where not p.is_own) as others, max(p.stream_position) filter (where not p.is_own) as last_other,
    bool_or(p.stream_position = 1 and p.change = 'c' and p.metadata @> '{"origin":"backfill"}') as begun,
    max(p.schema_version) filter (where p.is_own) as version,
    array_agg(p.change::text order by p.stream_position) filter (where p.is_own and p.change in ('c', 'd')) as changes
  into pending
  from (
    select p.*, coalesce(p.metadata ->> 'scope', '') = in_scope as is_own from :schema.pending_events p
    where p.transaction = own and p.category = in_category and p.stream_id = in_stream_id) p;
  if expected is not null and (
    committed + pending.others - case when expected = 0 and pending.begun then 1 else 0 end <> expected or pending.last_other > pending.first) then
    raise exception 'could not serialize access due to a concurrent change of the same stream'
      using errcode = 'serialization_failure', constraint = 'backstory_expected_version', detail = concat(expected, ', ', committed + pending.others),
        hint = 'The transaction might succeed if retried.';
  end if;
  kind := case when pending.changes is null then 'u' when pending.changes in ('{c}', '{d}') then pending.changes[1] else 'x' end;
  select coalesce(jsonb_agg(jsonb_build_object('path', l.path, 'id', l.id, 'key', l.key, 'value', l.value)), '[]') into leaves
  from :schema.pending_leaves(in_category, in_stream_id, in_scope) l where kind <> 'd' or l.path <> '';
  recorded := jsonb_build_object('change', kind, 'leaves', leaves);
  if kind = 'x' then outcome := 'told'; return next; return; end if;

  if exists (
    select from jsonb_array_elements(announced -> 'events') with ordinality x (e, n) join :schema.aggregates a on a.category = in_category
    where coalesce(x.e -> 'names', '[]') = '[]' and coalesce(x.e -> 'parts', '{}') = '{}'
      and not (kind = 'c' and x.n = 1 or kind = 'd' and x.n = last_event)
      and (jsonb_path_query_array(a.captured, '$.eventTypes.*') ? (x.e ->> 'type') or jsonb_path_query_array(a.captured, '$.rules[*].type') ? (x.e ->> 'type'))) then
    return query select 'taken', null::jsonb; return;
  end if;

  with given as materialized (
    select x.n, x.e ->> 'type' as type, coalesce(x.e -> 'data', '{}') as own, coalesce(x.e -> 'names', '[]') as names, coalesce(x.e -> 'meanwhile', '{}') as meanwhile,
      coalesce(x.e -> 'parts', '{}') as parts
    from jsonb_array_elements(announced -> 'events') with ordinality x (e, n)
  ), mentions as materialized (
    select g.n, '' as path, '' as id, kind = 'c' and g.n = 1 as whole, g.names, g.meanwhile from given g
    union all
    select g.n, p.key, i.key, coalesce((i.value ->> 'whole')::boolean, false), coalesce(i.value -> 'names', '[]'), coalesce(i.value -> 'meanwhile', '{}')
    from given g cross join jsonb_each(g.parts) p cross join jsonb_each(p.value) i
  ), leaf as materialized (
    select l.path, l.id, l.key, coalesce(l.value, 'null') as value, (
      select max(m.n) from mentions m where m.path = l.path and m.id = l.id and (l.key is null or m.whole or m.names ? l.key)) as last
    from jsonb_to_recordset(leaves) l (path text, id text, key text, value jsonb)
  ), placed as materialized (
    select m.n, l.path, l.id, l.key, case when l.last = m.n then l.value else coalesce(m.meanwhile -> l.key, 'null') end as value
    from leaf l join mentions m on m.path = l.path and m.id = l.id
    where case when l.key is null then l.last = m.n else (m.whole or m.names ? l.key) and (l.last = m.n or m.whole or m.meanwhile ? l.key) end
    union all
    -- what is gone with a root that is gone, and else what is behind the events
    select case when kind = 'd' then last_event else last_event + 1 end, l.path, l.id, l.key, l.value from leaf l where l.last is null
  ), parts as (
    select p.n, jsonb_object_agg(p.path, p.rows) as data from (
      select r.n, r.path, jsonb_object_agg(r.id, r.state) as rows from (
        select v.n, v.path, v.id, case when bool_or(v.key is null) then 'null' else jsonb_object_agg(v.key, v.value) filter (where v.key is not null) end as state
        from placed v where v.path <> '' group by v.n, v.path, v.id) r
      group by r.n, r.path) p
    group by p.n
  ), roots as (
    select v.n, jsonb_object_agg(v.key, v.value) as data from placed v where v.path = '' group by v.n
  ), told as (
    select g.n, case when kind = 'c' and g.n = 1 then 'c' when kind = 'd' and g.n = last_event then 'd'
        when g.names <> '[]' or g.parts <> '{}' then 'u' else 'n' end as change, g.type, g.own, 'command' as origin
    from given g
    union all
    select last_event + 1, 'u', known.residual, '{}', 'residual' where exists (select from placed v where v.n > last_event)
  )
  select jsonb_agg(jsonb_build_object('change', t.change, 'type', t.type, 'origin', t.origin, 'data',
      case when t.change = 'n' then t.own
        else coalesce(r.data, '{}') || coalesce(p.data, '{}') || case when t.own = '{}' then '{}' else jsonb_build_object('$event', t.own) end end) order by t.n)
  into written
  from told t left join roots r using (n) left join parts p using (n);

  -- what triggers have appended in its statements is no change, and stays what it is, behind them
  with gone as (
    delete from :schema.pending_events p
    where p.transaction = own and p.category = in_category and p.stream_id = in_stream_id and p.metadata ->> 'scope' = in_scope returning p.*)
  select jsonb_agg(to_jsonb(g) order by g.stream_position) filter (where g.change = 'n') into appended from gone g;
  insert into :schema.pending_events (stream_position, schema_version, change, first, category, stream_id, type, data, metadata, expected)
  select coalesce(pending.first, pending.last + 1) + x.n - 1, coalesce(pending.version, known.version), (x.e ->> 'change')::"char", x.n = 1,
    in_category, in_stream_id, x.e ->> 'type', x.e -> 'data', context || jsonb_build_object('origin', x.e -> 'origin'),
    case when x.n = 1 and expected is not null then committed end
  from jsonb_array_elements(written) with ordinality x (e, n) order by x.n;
  insert into :schema.pending_events (stream_position, schema_version, change, first, category, stream_id, type, data, metadata, expected, unguarded)
  select coalesce(pending.first, pending.last + 1) + jsonb_array_length(written) + x.n - 1, (x.e ->> 'schema_version')::smallint, 'n', false,
    in_category, in_stream_id, x.e ->> 'type', x.e -> 'data', x.e -> 'metadata', (x.e ->> 'expected')::bigint, (x.e ->> 'unguarded')::boolean
  from jsonb_array_elements(appended) with ordinality x (e, n) order by x.n;
  outcome := 'told';
  return next;
end $$;

revoke execute on function :schema.explain_pending(text, text, bigint, jsonb) from public;

-- As before. What was expected of a stream, in which events are pending, is named where it doesn't hold.
create or replace function :schema.move_pending_events() returns void language plpgsql as $$
declare
  own constant xid8 := pg_current_xact_id();
  missed record;
begin
  perform :schema.take_locks('ends', (
    select array_agg(distinct :schema.lock_of(concat(p.category, '-', p.stream_id)))
    from :schema.pending_events p where p.transaction = own));
  select p.expected, h.position into missed
  from :schema.pending_events p
  cross join lateral (
    select coalesce(max(e.stream_position), 0) as position from :schema.events e where e.category = p.category and e.stream_id = p.stream_id) h
  where p.transaction = own and p.expected is not null and p.expected <> h.position limit 1;
  if found then
    raise exception 'could not serialize access due to a concurrent change of the same stream'
      using errcode = 'serialization_failure', constraint = 'backstory_expected_version', detail = concat(missed.expected, ', ', missed.position),
        hint = 'The transaction might succeed if retried.';
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

-- As before, of the event as it is by now: a command may have put others in its place.
create or replace function :schema.number_pending_events() returns trigger language plpgsql security definer
  set search_path = pg_catalog, pg_temp set enable_seqscan = off as $$
declare
  own constant xid8 := pg_current_xact_id();
  event record;
  pending integer;
begin
  -- First by its key, for it may have been moved along with others: what was moved is still passed by in the index.
  select p.* into event from :schema.pending_events p
  where p.transaction = own and p.category = new.category and p.stream_id = new.stream_id and p.stream_position = new.stream_position;
  if not found then return null; end if;
  pending := (select count(*) from (select from :schema.pending_events p where p.transaction = own limit 2) p);
  if current_setting('transaction_isolation') <> 'read committed' then
    begin
      perform :schema.move_pending_events();
    exception when unique_violation then
      raise exception 'could not serialize access due to a concurrent change of the same aggregate'
        using errcode = 'serialization_failure', hint = 'The transaction might succeed if retried.';
    end;
    return null;
  end if;
  if pending = 1 and event.expected is null and not event.unguarded
    and not (event.stream_position = 1 and event.metadata @> '{"origin":"backfill"}') then
    delete from :schema.pending_events p
    where p.transaction = own and p.category = new.category and p.stream_id = new.stream_id and p.stream_position = new.stream_position;
    perform pg_advisory_xact_lock(:schema.kind_of_lock('ends'), :schema.lock_of(concat(new.category, '-', new.stream_id)));
    insert into :schema.events (stream_position, schema_version, change, category, stream_id, type, data, metadata)
    select coalesce(max(e.stream_position), 0) + 1, event.schema_version, event.change, event.category, event.stream_id, event.type, event.data, event.metadata
    from :schema.events e where e.category = event.category and e.stream_id = event.stream_id;
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

-- As before. Events that are pending have the positions behind those that are committed.
create or replace function :schema.settle_command(in_id text, in_stream_id text) returns void language sql security definer
  set search_path = pg_catalog, pg_temp as $$
  update :schema.commands c set stream_id = in_stream_id, stream_position = (
    select coalesce(max(e.stream_position), 0) from :schema.events e where e.category = c.category and e.stream_id = in_stream_id) + (
    select count(*) from :schema.pending_events p
    where p.transaction = pg_current_xact_id() and p.category = c.category and p.stream_id = in_stream_id)
  where c.id = in_id and c.stream_position is null
$$;
