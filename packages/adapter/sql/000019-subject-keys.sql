-- The data keys of subjects, such as customer:42, with which relays encrypt what leaves the database. A key is stored as the
-- application's key provider has wrapped it. A subject is not here yet, has a living key, or is erased for ever: an erased one never
-- gets another, so what is relayed of it later can't be read either.
create table :schema.subject_keys (
  subject text collate "C" primary key,
  state text collate "C" not null check (state in ('living', 'erased')),
  wrapped bytea,
  -- which of the provider's keys has wrapped it
  key_id text collate "C",
  -- null where it was erased before it had one
  created_at timestamptz,
  erased_at timestamptz,
  check (case state
    when 'living' then wrapped is not null and key_id is not null and created_at is not null and erased_at is null
    else wrapped is null and key_id is null and erased_at is not null end)
);

create function :schema.refuse_change_of_keys() returns trigger language plpgsql as $$
begin
  raise exception 'Backstory: % of % is refused', tg_op, tg_table_name
    using errcode = 'restrict_violation', hint = 'A key lives until its subject is erased, and never again: npx backstory erase --help';
end $$;

create trigger keys_are_not_forgotten before delete or truncate on :schema.subject_keys
  for each statement execute function :schema.refuse_change_of_keys();

create trigger keys_are_not_made_anew before update on :schema.subject_keys
  for each row when (old.state = 'erased' or new.subject <> old.subject or new.created_at is distinct from old.created_at)
  execute function :schema.refuse_change_of_keys();

-- What is known of these subjects, and of no others: those that aren't here yet are left out.
create function :schema.subject_keys_of(subjects text[]) returns table (subject text, state text, wrapped text, key_id text)
  language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select k.subject, k.state, encode(k.wrapped, 'hex'), k.key_id from :schema.subject_keys k where k.subject = any ($1 collate "C")
$$;

-- Keeps new keys, each of a subject that is not here yet: one that is keeps what it has. In the order of the subjects, so that
-- those who do it at the same time wait for each other, and not in a circle.
create function :schema.keep_subject_keys(subjects text[], wrapped text[], key_ids text[]) returns void
  language sql security definer set search_path = pg_catalog, pg_temp as $$
  insert into :schema.subject_keys (subject, state, wrapped, key_id, created_at)
  select n.subject, 'living', decode(n.wrapped, 'hex'), n.key_id, clock_timestamp()
  from unnest($1, $2, $3) n (subject, wrapped, key_id) order by n.subject collate "C"
  on conflict do nothing
$$;

-- Erases the keys of these subjects, also of those that have none yet. Returns those that had one.
create function :schema.destroy_subject_keys(subjects text[]) returns setof text
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  had text[];
begin
  insert into :schema.subject_keys (subject, state, erased_at)
  select n.subject, 'erased', clock_timestamp() from unnest($1) n (subject) order by n.subject collate "C"
  on conflict do nothing;
  -- those that are here and living, and whoever makes one meanwhile has waited, or is waited for
  perform from :schema.subject_keys k
  where k.subject = any ($1 collate "C") and k.state = 'living' order by k.subject for update;
  with gone as (
    update :schema.subject_keys k set state = 'erased', wrapped = null, key_id = null, erased_at = clock_timestamp()
    where k.subject = any ($1 collate "C") and k.state = 'living' returning k.subject)
  select array_agg(g.subject order by g.subject) into had from gone g;
  return query select unnest(had);
end $$;

revoke execute on function :schema.subject_keys_of(text[]) from public;
revoke execute on function :schema.keep_subject_keys(text[], text[], text[]) from public;
revoke execute on function :schema.destroy_subject_keys(text[]) from public;

-- What properties that name subjects were before events, also archived ones. Of each question the last event that says it before the
-- first position, and all that do from there to before the last one; an event that begins a stream, or takes the part away, says it,
-- too; one that the application has appended says nothing. With a version all events of earlier ones come with their data, because code may make the property of anything.
create function :schema.named_before(
  categories text[], streams text[], firsts bigint[], lasts bigint[], paths text[], ids text[], names text[], formers jsonb[], versions integer[]
) returns table (n integer, stream_position bigint, change "char", schema_version smallint, type text, value json, data json)
  language plpgsql stable set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off as $$
#variable_conflict use_column
begin
  return query
  select q.n::integer - 1, f.*
  from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9) with ordinality q (category, stream, first, last, path, id, name, former, version, n)
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
    select e.stream_position, e.change, e.schema_version, e.type, e.value, case when e.schema_version < q.version then e.data end
    from (
      select e.*, coalesce((case when q.path is null then e.data else coalesce(e.data -> q.path, case when q.former is not null then (
      select e.data -> k from jsonb_array_elements_text(q.former -> 'paths') k where e.data -> k is not null limit 1) end) -> q.id end) -> q.name, case when q.former is not null then (
      select (case when q.path is null then e.data else coalesce(e.data -> q.path, case when q.former is not null then (
      select e.data -> k from jsonb_array_elements_text(q.former -> 'paths') k where e.data -> k is not null limit 1) end) -> q.id end) -> k from jsonb_array_elements_text(q.former -> 'names') k where (case when q.path is null then e.data else coalesce(e.data -> q.path, case when q.former is not null then (
      select e.data -> k from jsonb_array_elements_text(q.former -> 'paths') k where e.data -> k is not null limit 1) end) -> q.id end) -> k is not null limit 1) end) as value, q.path is not null and json_typeof(case when q.path is null then e.data else coalesce(e.data -> q.path, case when q.former is not null then (
      select e.data -> k from jsonb_array_elements_text(q.former -> 'paths') k where e.data -> k is not null limit 1) end) -> q.id end) = 'null' as gone
      from :schema.all_events e
      where e.category = q.category collate "C" and e.stream_id = q.stream collate "C" and e.stream_position < q.last and e.change <> 'n'
        and e.stream_position >= case when q.version = 0 then q.first else 0 end) e
    where e.change = 'c' or e.value is not null or e.gone or e.schema_version < q.version
  ) f;
end $$;
