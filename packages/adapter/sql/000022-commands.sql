-- The events that a command has announced for one change of one row, in place of the one that capture would have written. patch is what
-- has changed, or the whole row where it was created. Each event gets, of what has changed, the properties that it names, and beside
-- them under "$event" what the application says of it. A property that several name has its value in the last of them, and before that what they say it was
-- meanwhile: so whatever a statement announces, its events fold to the row. What none of them names is an event of its own.
create function :schema.explained_events(
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

-- How many of the events that a command has announced behind a position are there. A function, whose plan is kept.
create function :schema.announced_count(in_category text, in_stream_id text, behind bigint, scope text) returns integer
  language plpgsql stable set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
begin
  return (select count(*) from :schema.visible_events v
    where v.category = in_category collate "C" and v.stream_id = in_stream_id collate "C" and v.stream_position > behind
      and v.metadata ->> 'scope' = scope and v.metadata ->> 'origin' = 'command');
end $$;

-- A value in the form that events have it in.
create function :schema.value_in_events(value anyelement, kind text) returns json language plpgsql stable
  set search_path = pg_catalog, pg_temp set timezone = 'UTC' set datestyle = 'ISO, YMD' set intervalstyle = 'postgres'
  set bytea_output = 'hex' set extra_float_digits = 1 set lc_monetary = 'C' as $$
begin
  if value is null then return 'null'; end if;
  if kind in ('decimal', 'text') then return to_json(format('%s', value)); end if;
  if kind in ('float4', 'float8') and format('%s', value) = '-0' then return '"-0"'; end if;
  return to_json(value);
end $$;

-- The position that the stream of a row ends at, held until the transaction ends as by an UPDATE of the row. Zero also where the row has got its first event
-- just now. Null where there is no row, and of an aggregate with parts, whose stream nobody holds before the commit.
create function :schema.hold_stream_end(in_category text, in_stream_id text) returns bigint language plpgsql security definer
  set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off as $$
#variable_conflict use_column
declare
  found_row boolean;
  of_parts boolean;
  begun boolean;
begin
  if not exists (select from :schema.aggregates a where a.category = in_category and a.part = '' and a.fingerprint is not null) then
    return null;
  end if;
  execute $call$select * from :schema.$call$ || quote_ident(:schema.beginning_of(in_category)) || '($1)'
    into found_row, of_parts, begun using in_stream_id;
  if not found_row or of_parts then return null; end if;
  if begun then return 0; end if;
  return (select coalesce(max(e.stream_position), 0) from :schema.events e where e.category = in_category and e.stream_id = in_stream_id);
end $$;

revoke execute on function :schema.hold_stream_end(text, text) from public;

-- What commands with an id have come to, so that the same id comes to the same again.
create table :schema.commands (
  id text collate "C" primary key check (id <> ''),
  category text collate "C" not null,
  -- Null while a command that creates is under way, and it isn't known yet.
  stream_id text collate "C",
  stream_position bigint,
  handled_at timestamptz not null default now()
);
create index on :schema.commands (handled_at);

-- Takes an id for the transaction that is open: whoever has it already, or is faster, is waited for. Null where it is taken now; else what it has come
-- to. Forgets, along the way, a few of those that are older than keep.
create function :schema.claim_command(in_id text, in_category text, keep interval)
  returns table (category text, stream_id text, stream_position bigint) language plpgsql security definer
  set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  if in_id is null or in_category is null then return; end if;
  delete from :schema.commands c where c.id in (
    select o.id from :schema.commands o where o.handled_at < now() - keep and o.id <> in_id order by o.handled_at limit 10 for update skip locked);
  insert into :schema.commands (id, category) values (in_id, in_category) on conflict do nothing;
  if not found then
    return query select c.category, c.stream_id, c.stream_position from :schema.commands c where c.id = in_id;
  end if;
end $$;

-- Says what it has come to.
create function :schema.settle_command(in_id text, in_stream_id text) returns void language sql security definer
  set search_path = pg_catalog, pg_temp as $$
  update :schema.commands c set stream_id = in_stream_id, stream_position = (
    select coalesce(max(v.stream_position), 0) from :schema.visible_events v where v.category = c.category and v.stream_id = in_stream_id)
  where c.id = in_id and c.stream_position is null
$$;

revoke execute on function :schema.claim_command(text, text, interval) from public;
revoke execute on function :schema.settle_command(text, text) from public;
