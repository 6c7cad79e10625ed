-- Whether the last event of a stream tells what this transaction reads of it: not where events of the category are pending, which
-- have no position yet. Not in SQL: inlined into a query, it would need the right to read them even where it doesn't look.
create function :schema.sees_stream_ends(in_category text) returns boolean language plpgsql stable as $$
begin
  return pg_current_xact_id_if_assigned() is null or not :schema.has_pending_events(in_category);
end $$;

-- Which event is the last of a stream, as this statement sees it: its position in the log, and when it was recorded, because after a
-- crash that has lost commits, or in a restored database, a position may be used once more. Whoever keeps what the events up to
-- this one come to may go on using it as long as this is the same. Null for a stream that isn't there, and where it can't be told.
create function :schema.stream_end(in_category text, in_stream_id text) returns text language plpgsql stable
  set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
begin
  if not :schema.sees_stream_ends(in_category) then return null; end if;
  return (
    select concat(v.global_position, '@', extract(epoch from v.recorded_at)) from :schema.events v
    where v.category = in_category collate "C" and v.stream_id = in_stream_id collate "C" order by v.stream_position desc limit 1);
end $$;

-- As stream_tails, with the end of each stream, and without the tails of those whose end is the known one at the same place of in_known:
-- what is kept of them is what there is.
create function :schema.stream_tails_unless(in_category text, in_stream_ids text[], in_known text[], in_fingerprint text)
  returns table (id text, stream_end text, tail text) language plpgsql stable
  set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
begin
  if not :schema.sees_stream_ends(in_category) then
    return query select t.id, null::text, t.tail from :schema.stream_tails(in_category, in_stream_ids, in_fingerprint) t;
    return;
  end if;
  -- the statement below needs the right even where it looks for nothing
  if not has_table_privilege($name$:schema.snapshots$name$::regclass, 'select') then
    return query
    select i.id, l.stream_end, case when l.stream_end is distinct from i.known then :schema.stream_tail(in_category, i.id, null) end
    from unnest(in_stream_ids, in_known) i (id, known)
    cross join lateral (
      select concat(v.global_position, '@', extract(epoch from v.recorded_at)) as stream_end from :schema.events v
      where v.category = in_category collate "C" and v.stream_id = i.id collate "C" order by v.stream_position desc limit 1) l;
    return;
  end if;
  return query
  select i.id, l.stream_end, case when l.stream_end is distinct from i.known
    then concat('[', case when s.position is null then 'null' else concat('[', s.position, ',', s.state, ']') end, ',[', t.events, ']]') end
  from unnest(in_stream_ids, in_known) i (id, known)
  left join lateral (
    select concat(v.global_position, '@', extract(epoch from v.recorded_at)) as stream_end from :schema.events v
    where v.category = in_category collate "C" and v.stream_id = i.id collate "C" order by v.stream_position desc limit 1) l on true
  left join lateral (
    select n.stream_position as position, n.state from :schema.snapshots n
    where n.category = in_category collate "C" and n.stream_id = i.id collate "C" and n.fingerprint = in_fingerprint collate "C"
      and l.stream_end is distinct from i.known
    order by n.stream_position desc limit 1) s on true
  cross join lateral (
    select string_agg(:schema.event_text(e.stream_position, e.change, e.schema_version, e.type, e.data, e.metadata), ',') as events
    from (select v.stream_position, v.change, v.schema_version, v.type, v.data, v.metadata from :schema.events v
          where v.category = in_category collate "C" and v.stream_id = i.id collate "C" and v.stream_position > coalesce(s.position, 0)
            and l.stream_end is distinct from i.known
          order by v.stream_position) e) t
  where t.events is not null or s.position is not null or l.stream_end = i.known;
end $$;
