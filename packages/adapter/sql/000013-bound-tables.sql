-- An aggregate is bound to a table by its oid. A restore gives every table another one, and this table, too: so where
-- bound_in is not the oid of this very table, the oids beside it are those of the database that was dumped, and names count.
alter table :schema.aggregates add column bound_in oid;
-- The table that the functions were made for. They know its oid by heart; for any other table they ask captures().
alter table :schema.aggregates add column functions_oid oid;
update :schema.aggregates set bound_in = tableoid, functions_oid = case when fingerprint is not null then table_oid end;

create function :schema.bound_table(of_category text, of_part text) returns oid
  language sql stable set search_path = pg_catalog, pg_temp as $$
  select case when a.bound_in = a.tableoid then a.table_oid
              else to_regclass(format('%I.%I', a.table_schema, a.table_name))::oid end
  from :schema.aggregates a where a.category = of_category and a.part = of_part
$$;

-- Whether a trigger of ours that has fired on a table writes into the streams of this aggregate: it is the bound table, or one
-- beneath it. Not so for a table that was detached, swapped or left behind with its triggers, or that somebody has hung them on.
-- While a dump is being restored (every dump switches check_function_bodies off) its events come with it.
-- Partitions are asked of the catalogue of this moment. What a transaction that sees an older one can't look up, it may write to:
-- the trigger was put there since.
create function :schema.captures(fired_on oid, of_category text, of_part text) returns boolean
  language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  bound constant oid := :schema.bound_table(of_category, of_part);
begin
  if bound is null then return false; end if;
  if current_setting('check_function_bodies') = 'off' and exists (
    select from :schema.aggregates a where a.category = of_category and a.part = of_part and a.bound_in is distinct from a.tableoid
  ) then return false; end if;
  if fired_on = bound or bound = any (array(select pg_partition_ancestors(fired_on)::oid)) then return true; end if;
  return exists (
      with recursive above as (
        select i.inhparent as oid from pg_inherits i where i.inhrelid = fired_on
        union select i.inhparent from above a join pg_inherits i on i.inhrelid = a.oid)
      select from above where oid = bound)
    or not exists (
      select from pg_trigger g join pg_proc p on p.oid = g.tgfoid
      where g.tgrelid = fired_on and starts_with(p.proname, 'capture_'));
end $$;

-- After a restore: the tables that the names stand for are the bound ones from now on, with columns by the numbers that they
-- have now. Returns how many categories were bound anew: 0 where nothing was restored.
create function :schema.rebind() returns bigint
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  rebound bigint;
begin
  perform from :schema.aggregates a order by a.category, a.part for update;
  update :schema.backfills b set table_oid = coalesce(:schema.bound_table(b.category, ''), 0)
  from :schema.aggregates a
  where a.category = b.category and a.part = '' and a.table_oid = b.table_oid and a.bound_in is distinct from a.tableoid;
  with restored as (
    select a.category, a.part, a.table_oid, coalesce(:schema.bound_table(a.category, a.part), 0) as oid
    from :schema.aggregates a where a.table_oid is not null and a.bound_in is distinct from a.tableoid),
  bound as (
    update :schema.aggregates a
    set table_oid = r.oid, bound_in = a.tableoid,
        replayed_oid = case when a.replayed_oid = r.table_oid then r.oid end,
        captured = case when a.captured is not null then jsonb_set(a.captured, '{columns}', coalesce((
          -- of several columns that have had a name, the newest is the one that is there
          select jsonb_agg(x.known || jsonb_build_object('number', coalesce((
            select t.attnum from pg_attribute t
            where t.attrelid = r.oid and t.attname = x.known ->> 'column' and t.attnum > 0 and not t.attisdropped and not exists (
              select from jsonb_array_elements(a.captured -> 'columns') newer
              where newer ->> 'column' = x.known ->> 'column' and (newer ->> 'number')::integer > (x.known ->> 'number')::integer)), 0))
            order by x.n)
          from jsonb_array_elements(a.captured -> 'columns') with ordinality x (known, n)), '[]')) end
    from restored r where a.category = r.category and a.part = r.part
    returning a.category)
  select count(distinct category) from bound into rebound;
  return rebound;
end $$;

-- As before. In a restored table columns have other numbers than those that the functions know, until these are made anew.
create or replace function :schema.moved_column(changed text, form oid, of_category text, of_part text, number smallint, is_key boolean)
  returns text language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  bound oid := (select a.table_oid from :schema.aggregates a
                where a.category = of_category and a.part = of_part and a.bound_in = a.tableoid and a.functions_oid = a.table_oid);
  name text := (select a.attname from pg_attribute a where a.attrelid = bound and a.attnum = number and not a.attisdropped);
  value text;
begin
  if name is not null then
    execute format(
      'select case when num_nulls(r.value) = 0 then format(''%%s'', r.value) end from (select ($1::%s).%I as value offset 0) r',
      coalesce(form, bound)::regclass, name) into value using changed;
  elsif is_key then
    raise exception 'Backstory captures %, whose key has lost a column: run "npx backstory install"', coalesce(bound::regclass::text, of_category)
      using errcode = 'object_not_in_prerequisite_state',
            hint = 'npx backstory install ends or renews its capture, and so does "await syncCapture(queryRunner)" in the migration. npx backstory stage ' || of_category || ' off ends it.';
  end if;
  return value;
end $$;
