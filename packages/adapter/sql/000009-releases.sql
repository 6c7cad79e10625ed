-- What is captured of a table, as the database remembers it: columns by their numbers and the names that they have in events,
-- keys, rules and names of events. Functions are made from this and from the catalogue, so that they can be made anew where the
-- application's entities are ahead of its tables, or know a table no more.
alter table :schema.aggregates add column captured jsonb;
-- The table whose rows may be replayed. Another than table_oid while a table that was made again is being settled.
alter table :schema.aggregates add column replayed_oid oid;
update :schema.aggregates set replayed_oid = table_oid;

-- The forms in which releases of the application have named an aggregate. One that is here already when it starts again
-- is an older release, or a rollback: it changes nothing of what is captured.
create table :schema.releases (
  category text,
  fingerprint text,
  first_started_at timestamptz not null default now(),
  primary key (category, fingerprint)
);

-- The value of a captured column that is not where its trigger looks for it: under its new name when it was renamed, null when it
-- was dropped. The row comes as PostgreSQL prints it, for JSON has no word for some values, such as an array's bounds. Its form is
-- that of the table that the trigger has fired on, or else of the bound one. Asked by statements between a migration and the next
-- install only.
create function :schema.moved_column(changed text, form oid, of_category text, of_part text, number smallint, is_key boolean)
  returns text language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  bound oid := (select a.table_oid from :schema.aggregates a where a.category = of_category and a.part = of_part);
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
