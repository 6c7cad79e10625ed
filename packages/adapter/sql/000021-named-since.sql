-- A relay that encrypts goes through a stream from its beginning to its end. What it has found for one batch is where it begins for the next:
-- with a version of -1 - v instead of v, only events from the first position on are looked into, because those before are known.
create or replace function :schema.named_before(
  categories text[], streams text[], firsts bigint[], lasts bigint[], paths text[], ids text[], names text[], formers jsonb[], versions integer[]
) returns table (n integer, stream_position bigint, change "char", schema_version smallint, type text, value json, data json)
  language plpgsql stable set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off as $$
#variable_conflict use_column
begin
  return query
  select q.n::integer - 1, f.*
  from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9) with ordinality q (category, stream, first, last, path, id, name, former, version, n)
  cross join lateral (select case when q.version < 0 then -1 - q.version else q.version end) r (version)
  cross join lateral (
    (select e.stream_position, e.change, e.schema_version, e.type, e.value, null::json
     from (
       select e.*, coalesce((case when q.path is null then e.data else coalesce(e.data -> q.path, case when q.former is not null then (
      select e.data -> k from jsonb_array_elements_text(q.former -> 'paths') k where e.data -> k is not null limit 1) end) -> q.id end) -> q.name, case when q.former is not null then (
      select (case when q.path is null then e.data else coalesce(e.data -> q.path, case when q.former is not null then (
      select e.data -> k from jsonb_array_elements_text(q.former -> 'paths') k where e.data -> k is not null limit 1) end) -> q.id end) -> k from jsonb_array_elements_text(q.former -> 'names') k where (case when q.path is null then e.data else coalesce(e.data -> q.path, case when q.former is not null then (
      select e.data -> k from jsonb_array_elements_text(q.former -> 'paths') k where e.data -> k is not null limit 1) end) -> q.id end) -> k is not null limit 1) end) as value, q.path is not null and json_typeof(case when q.path is null then e.data else coalesce(e.data -> q.path, case when q.former is not null then (
      select e.data -> k from jsonb_array_elements_text(q.former -> 'paths') k where e.data -> k is not null limit 1) end) -> q.id end) = 'null' as gone
       from :schema.all_events e
       where e.category = q.category collate "C" and e.stream_id = q.stream collate "C" and e.stream_position < q.first
         and e.change <> 'n') e
     where q.version = 0 and (e.change = 'c' or e.value is not null or e.gone)
     order by e.stream_position desc limit 1)
    union all
    select e.stream_position, e.change, e.schema_version, e.type, e.value, case when e.schema_version < r.version then e.data end
    from (
      select e.*, coalesce((case when q.path is null then e.data else coalesce(e.data -> q.path, case when q.former is not null then (
      select e.data -> k from jsonb_array_elements_text(q.former -> 'paths') k where e.data -> k is not null limit 1) end) -> q.id end) -> q.name, case when q.former is not null then (
      select (case when q.path is null then e.data else coalesce(e.data -> q.path, case when q.former is not null then (
      select e.data -> k from jsonb_array_elements_text(q.former -> 'paths') k where e.data -> k is not null limit 1) end) -> q.id end) -> k from jsonb_array_elements_text(q.former -> 'names') k where (case when q.path is null then e.data else coalesce(e.data -> q.path, case when q.former is not null then (
      select e.data -> k from jsonb_array_elements_text(q.former -> 'paths') k where e.data -> k is not null limit 1) end) -> q.id end) -> k is not null limit 1) end) as value, q.path is not null and json_typeof(case when q.path is null then e.data else coalesce(e.data -> q.path, case when q.former is not null then (
      select e.data -> k from jsonb_array_elements_text(q.former -> 'paths') k where e.data -> k is not null limit 1) end) -> q.id end) = 'null' as gone
      from :schema.all_events e
      where e.category = q.category collate "C" and e.stream_id = q.stream collate "C" and e.stream_position < q.last and e.change <> 'n'
        and e.stream_position >= case when q.version > 0 then 0 else q.first end) e
    where e.change = 'c' or e.value is not null or e.gone or e.schema_version < r.version
  ) f;
end $$;
