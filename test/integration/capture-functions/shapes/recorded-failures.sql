CREATE TRIGGER "00_backstory_delete" AFTER DELETE ON public.note REFERENCING OLD TABLE AS backstory_old_rows FOR EACH STATEMENT EXECUTE FUNCTION backstory.capture_note_delete();
CREATE TRIGGER "00_backstory_insert" AFTER INSERT ON public.note REFERENCING NEW TABLE AS backstory_new_rows FOR EACH STATEMENT EXECUTE FUNCTION backstory.capture_note_insert();
CREATE TRIGGER "00_backstory_truncate" BEFORE TRUNCATE ON public.note FOR EACH STATEMENT EXECUTE FUNCTION backstory.capture_note_truncate();
CREATE TRIGGER "00_backstory_update" AFTER UPDATE ON public.note REFERENCING OLD TABLE AS backstory_old_rows NEW TABLE AS backstory_new_rows FOR EACH STATEMENT EXECUTE FUNCTION backstory.capture_note_update();

CREATE OR REPLACE FUNCTION backstory.capture_note_update()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET jit TO 'off'
 SET enable_seqscan TO 'off'
AS $function$
#variable_conflict use_column
<<capture>>
declare
  context jsonb := '{}';
  intents jsonb;
  written bigint;
  work bigint;
  mark bigint;
  others text[];
  locks integer[];
  locked integer[];
  failed_state text;
  failed_message text;
  failed_at text;
  failed_constraint text;
  failed_rows bigint;
  failed_streams text[];
  fired_on constant oid := tg_relid;
begin
  if fired_on <> <oid of note>::oid then
    if pg_partition_root(fired_on)::oid is distinct from <oid of note>::oid then
      if <oid of note>::oid <> all (array(select pg_partition_ancestors(fired_on)::oid)) and not "backstory".captures(fired_on, 'note', '') then return null; end if;
    end if;
  end if;
  begin
  -- asked here, because a call of the function costs as much as the event itself
  if left(current_query(), 12) = '/*backstory ' then
    capture.context := "backstory".statement_context(current_query());
    if capture.context ? '$events' then
      capture.intents := (
        select jsonb_agg(e order by n) from jsonb_array_elements(capture.context -> '$events') with ordinality x (e, n)
        where e ->> 'aggregate' in ('note', 'Note'));
      capture.context := capture.context - '$events';
    end if;
  end if;
  if current_setting('backstory.untracked', true) = 'on' then
    capture.work := "backstory".untracked_work_of('note');
    if capture.work is not null and pg_trigger_depth() = 1 then
      perform "backstory".refuse_untracked(tg_op, 'note', fired_on);
    end if;
  end if;
if current_setting('transaction_isolation') in ('repeatable read', 'serializable') then
    begin
if capture.intents is null then
      insert into "backstory".events (category, stream_id, stream_position, change, type, data, metadata)
  select 'note', k.stream_id, coalesce(h.position, 0) + 1, 'u', 'NoteUpdated', r.patch::json, capture.context
  from (select "$v".* from backstory_old_rows "$r" cross join lateral (select "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 1::smallint, true)::pg_catalog.int4 as "id", "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 2::smallint, false)::pg_catalog.text as "body") "$m" cross join lateral (select "id", "body" from (select "$r".*) "$x") "$v") o cross join (select "$v".* from backstory_new_rows "$r" cross join lateral (select "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 1::smallint, true)::pg_catalog.int4 as "id", "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 2::smallint, false)::pg_catalog.text as "body") "$m" cross join lateral (select "id", "body" from (select "$r".*) "$x") "$v") n
  cross join lateral (select (cast(n."id" as text) collate "C") as stream_id, ('{' || concat_ws(',', case when o."id" is distinct from n."id" then '"id":' || coalesce(to_json(n."id")::text, 'null') end, case when o."body" is distinct from n."body" then '"body":' || coalesce(to_json(n."body")::text, 'null') end) || '}') as patch offset 0) k
  cross join lateral (select k.patch) r
  inner join lateral (select v.stream_position as position, v.change, v.recorded_at >= statement_timestamp() as told from "backstory".events v where v.category = 'note' and v.stream_id = k.stream_id order by v.stream_position desc limit 1) h on true
  where h.change <> 'd' and not h.told and h.change <> 'n' and o."id" = n."id" and r.patch <> '{}' and not exists (select from backstory_new_rows offset 1);
    get diagnostics capture.written = row_count;
    if capture.written = 0 then
  with backstory_changes as materialized (
    select k.stream_id, h.position, 'NoteUpdated' as type, r.patch as data, (h.change <> 'd' and not h.told and k.stayed) is true as plain
    from (select "$v".* from backstory_old_rows "$r" cross join lateral (select "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 1::smallint, true)::pg_catalog.int4 as "id", "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 2::smallint, false)::pg_catalog.text as "body") "$m" cross join lateral (select "id", "body" from (select "$r".*) "$x") "$v") o full join (select "$v".* from backstory_new_rows "$r" cross join lateral (select "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 1::smallint, true)::pg_catalog.int4 as "id", "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 2::smallint, false)::pg_catalog.text as "body") "$m" cross join lateral (select "id", "body" from (select "$r".*) "$x") "$v") n on o."id" = n."id"
  cross join lateral (select coalesce((cast(n."id" as text) collate "C"), (cast(o."id" as text) collate "C")) as stream_id, (cast(o."id" as text) collate "C") is not null and (cast(n."id" as text) collate "C") is not null as stayed offset 0) k
  cross join lateral (select case when k.stayed then ('{' || concat_ws(',', case when o."id" is distinct from n."id" then '"id":' || coalesce(to_json(n."id")::text, 'null') end, case when o."body" is distinct from n."body" then '"body":' || coalesce(to_json(n."body")::text, 'null') end) || '}') end as patch offset 0) r
    cross join lateral (select e.position, e.change, coalesce(e.told, false) as told from (select) one left join lateral (select v.stream_position as position, case v.change when 'n' then (select v.change from "backstory".events v where v.category = 'note' and v.stream_id = k.stream_id and v.change <> 'n' order by v.stream_position desc limit 1) else v.change end as change, v.recorded_at >= statement_timestamp() as told from "backstory".events v where v.category = 'note' and v.stream_id = k.stream_id order by v.stream_position desc limit 1) e on true) h
    where r.patch is distinct from '{}'
  ), backstory_written as (
    insert into "backstory".events (category, stream_id, stream_position, change, type, data, metadata)
    select 'note', c.stream_id, coalesce(c.position, 0) + 1, 'u', c.type, c.data::json, capture.context
    from backstory_changes c where c.plain
  )
  select array_agg(distinct c.stream_id) filter (where not c.plain) into capture.others from backstory_changes c;
    end if;
  end if;
  if capture.intents is not null or capture.others is not null then
if to_regclass('"public"."note"') is not null then
  if exists (select from (select distinct (cast(n."id" as text) collate "C") as stream_id from (select "$v".* from backstory_new_rows "$r" cross join lateral (select "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 1::smallint, true)::pg_catalog.int4 as "id", "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 2::smallint, false)::pg_catalog.text as "body") "$m" cross join lateral (select "id", "body" from (select "$r".*) "$x") "$v") n) k where exists (select from "backstory".untracked_ends u where u.category = 'note' and u.stream_id = k.stream_id)) then
    insert into "backstory".events (category, stream_id, stream_position, recorded_at, change, type, data, metadata)
    select 'note', k.stream_id, h.position + 1, e.ended_at, 'd', 'NoteDeleted', '{}', w.metadata
    from (select distinct (cast(n."id" as text) collate "C") as stream_id from (select "$v".* from backstory_new_rows "$r" cross join lateral (select "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 1::smallint, true)::pg_catalog.int4 as "id", "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 2::smallint, false)::pg_catalog.text as "body") "$m" cross join lateral (select "id", "body" from (select "$r".*) "$x") "$v") n) k
    cross join lateral (select u.ended_at, u.work from "backstory".untracked_ends u where u.category = 'note' and u.stream_id = k.stream_id order by u.mark desc limit 1) e
    join "backstory".untracked_work w on w.id = e.work
    cross join lateral (select max(v.stream_position) as position from "backstory".events v where v.category = 'note' and v.stream_id = k.stream_id) h
    where h.position is not null and "backstory".ended_untracked('note', k.stream_id);
  end if;
  insert into "backstory".events (category, stream_id, stream_position, change, type, data, metadata)
  select 'note', k.stream_id, coalesce(h.position, 0) + a.step, a.change, a.type, a.data, a.metadata
  from (select "$v".* from backstory_old_rows "$r" cross join lateral (select "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 1::smallint, true)::pg_catalog.int4 as "id", "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 2::smallint, false)::pg_catalog.text as "body") "$m" cross join lateral (select "id", "body" from (select "$r".*) "$x") "$v") o
  full join (select distinct on (x."id") x.* from (select "$v".* from backstory_new_rows "$r" cross join lateral (select "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 1::smallint, true)::pg_catalog.int4 as "id", "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 2::smallint, false)::pg_catalog.text as "body") "$m" cross join lateral (select "id", "body" from (select "$r".*) "$x") "$v") x) n on o."id" = n."id"
  cross join lateral (
    select coalesce((cast(n."id" as text) collate "C"), (cast(o."id" as text) collate "C")) as stream_id, (cast(o."id" as text) collate "C") is not null as was, (cast(n."id" as text) collate "C") is not null as is offset 0
  ) k left join unnest(capture.others) u (stream_id) on u.stream_id = k.stream_id
  cross join lateral (select e.position, e.change, coalesce(e.told, false) as told from (select) one left join lateral (select v.stream_position as position, case v.change when 'n' then (select v.change from "backstory".events v where v.category = 'note' and v.stream_id = k.stream_id and v.change <> 'n' order by v.stream_position desc limit 1) else v.change end as change, v.recorded_at >= statement_timestamp() as told from "backstory".events v where v.category = 'note' and v.stream_id = k.stream_id order by v.stream_position desc limit 1) e on true) h
  left join lateral (select c.* from (select "$v".* from "public"."note" "$r" cross join lateral (select "backstory".moved_column(("$r".*)::text, null, 'note', '', 1::smallint, true)::pg_catalog.int4 as "id", "backstory".moved_column(("$r".*)::text, null, 'note', '', 2::smallint, false)::pg_catalog.text as "body") "$m" cross join lateral (select "id", "body" from (select "$r".*) "$x") "$v") c where (h.told or not k.is) and c."id" = coalesce(n."id", o."id") limit 1) c on true
  left join lateral (
    select l.* from (
      select jsonb_object_agg(d.key, d.value order by v.stream_position) filter (where d.key is not null) as data,
             bool_or(v.newest and v.change = 'd') as gone, bool_or(v.change = 'c') as begun,
             bool_or(v.change = 'c' and v.metadata ->> 'origin' is distinct from 'backfill') as created
      from (
        select v.stream_position, v.change, v.metadata, v.data, v.recorded_at, row_number() over (order by v.stream_position desc) = 1 as newest
        from "backstory".events v
        where v.category = 'note' and v.stream_id = k.stream_id and v.change <> 'n'
        order by v.stream_position desc limit 20) v
      left join lateral jsonb_each(v.data::jsonb) d on true
      where v.recorded_at >= statement_timestamp()
    ) l where h.told
  ) l on true
  cross join lateral (select case when (cast(c."id" as text) collate "C") is not null then c."id" else n."id" end as "id", case when (cast(c."id" as text) collate "C") is not null then c."body" else n."body" end as "body") w
  cross join lateral (
    select k.was and h.change <> 'd' is not true as begins,
           case when k.is and not k.was then null
                when not k.is then case when (cast(c."id" as text) collate "C") is not null then ('{' || concat_ws(',', case when o."id" is distinct from w."id" then '"id":' || coalesce(to_json(w."id")::text, 'null') end, case when o."body" is distinct from w."body" then '"body":' || coalesce(to_json(w."body")::text, 'null') end) || '}') end
                when h.told then ('{' || concat_ws(',', case when o."id" is distinct from n."id" and not (l.data ? 'id' and n."id" is distinct from w."id") then '"id":' || coalesce(to_json(w."id")::text, 'null') end, case when o."body" is distinct from n."body" and not (l.data ? 'body' and n."body" is distinct from w."body") then '"body":' || coalesce(to_json(w."body")::text, 'null') end) || '}')
                else ('{' || concat_ws(',', case when o."id" is distinct from n."id" then '"id":' || coalesce(to_json(n."id")::text, 'null') end, case when o."body" is distinct from n."body" then '"body":' || coalesce(to_json(n."body")::text, 'null') end) || '}') end as patch
    offset 0
  ) r
  left join lateral (
    select x.e ->> 'type' as type, x.e -> 'data' as data, x.e -> 'announced' as announced
    from jsonb_array_elements(capture.intents) with ordinality x (e, n)
    where coalesce(x.e ->> 'id', k.stream_id) = k.stream_id and coalesce(x.e ->> 'on', case when not k.is then 'deleted' when not k.was then 'created' else 'updated' end) = case when not k.is then 'deleted' when not k.was then 'created' else 'updated' end
      and case when x.e ? 'announced' then pg_trigger_depth() = 1 else not exists (
        select from "backstory".events v
        where v.category = 'note' and v.stream_id = k.stream_id and v.change <> 'n' and v.stream_position = (select max(v.stream_position) from "backstory".events v where v.category = 'note' and v.stream_id = k.stream_id and v.change <> 'n') and starts_with(v.metadata ->> 'scope', x.e ->> 'scope')) end
    order by x.n limit 1
  ) i on true
  cross join lateral (
    select 1 as step, 'c'::"char" as change, 'NoteCreated' as type, (select row_to_json(s.*) from (select o."id" as "id", o."body" as "body") s) as data, '{"origin":"backfill"}'::jsonb as metadata where r.begins
    union all
    select case when r.begins then 2 else 1 end, 'u', coalesce(i.type, 'NoteUpdated'), (select case when i.type is null then d.data else (coalesce(i.data - array['id', 'body']::text[], '{}') || d.data::jsonb)::json end from (select (r.patch)::json as data offset 0) d), capture.context where k.was and k.is
    union all
    select case when r.begins then 2 else 1 end, 'u', coalesce(i.type, 'NoteUpdated'), (select case when i.type is null then d.data else (coalesce(i.data - array['id', 'body']::text[], '{}') || d.data::jsonb)::json end from (select (r.patch)::json as data offset 0) d), capture.context from (select w.*) n where not k.is and (cast(c."id" as text) collate "C") is not null
    union all
    select case when r.begins then 2 else 1 end, 'd', coalesce(i.type, 'NoteDeleted'), (select case when i.type is null then d.data else (coalesce(i.data - array['id', 'body']::text[], '{}') || d.data::jsonb)::json end from (select ('{}')::json as data offset 0) d), capture.context where not k.is and not (cast(c."id" as text) collate "C") is not null
    union all
    select 1, case when h.change <> 'd' and (select v.change from "backstory".events v where v.category = 'note' and v.stream_id = k.stream_id and v.change in ('c', 'd') order by v.stream_position desc limit 1) = 'c' then 'u'::"char" else 'c' end, coalesce(i.type, 'NoteCreated'), (select case when i.type is null then d.data else (coalesce(i.data - array['id', 'body']::text[], '{}') || d.data::jsonb)::json end from (select (case when h.told then (select row_to_json(s.*) from (select w."id" as "id", w."body" as "body") s) else (select row_to_json(s.*) from (select n."id" as "id", n."body" as "body") s) end)::json as data offset 0) d), capture.context where not k.was
  ) e
  cross join lateral (
    select e.step, e.change, e.type, e.data, e.metadata where i.announced is null or e.metadata @> '{"origin":"backfill"}'
    union all
    select e.step - 1 + x.step, x.change, x.type, x.data, x.metadata from "backstory".explained_events('note', k.stream_id, e.change, e.data, e.metadata, case when e.metadata @> '{"origin":"backfill"}' then null else i.announced end, 'NoteUpdated') x
  ) a
  where (capture.others is null or u.stream_id is not null) and (r.patch is distinct from '{}' or i.announced is not null) and not (h.told and l.gone and not (cast(c."id" as text) collate "C") is not null);
  else
  if exists (select from (select distinct (cast(n."id" as text) collate "C") as stream_id from (select "$v".* from backstory_new_rows "$r" cross join lateral (select "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 1::smallint, true)::pg_catalog.int4 as "id", "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 2::smallint, false)::pg_catalog.text as "body") "$m" cross join lateral (select "id", "body" from (select "$r".*) "$x") "$v") n) k where exists (select from "backstory".untracked_ends u where u.category = 'note' and u.stream_id = k.stream_id)) then
    insert into "backstory".events (category, stream_id, stream_position, recorded_at, change, type, data, metadata)
    select 'note', k.stream_id, h.position + 1, e.ended_at, 'd', 'NoteDeleted', '{}', w.metadata
    from (select distinct (cast(n."id" as text) collate "C") as stream_id from (select "$v".* from backstory_new_rows "$r" cross join lateral (select "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 1::smallint, true)::pg_catalog.int4 as "id", "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 2::smallint, false)::pg_catalog.text as "body") "$m" cross join lateral (select "id", "body" from (select "$r".*) "$x") "$v") n) k
    cross join lateral (select u.ended_at, u.work from "backstory".untracked_ends u where u.category = 'note' and u.stream_id = k.stream_id order by u.mark desc limit 1) e
    join "backstory".untracked_work w on w.id = e.work
    cross join lateral (select max(v.stream_position) as position from "backstory".events v where v.category = 'note' and v.stream_id = k.stream_id) h
    where h.position is not null and "backstory".ended_untracked('note', k.stream_id);
  end if;
  insert into "backstory".events (category, stream_id, stream_position, change, type, data, metadata)
  select 'note', k.stream_id, coalesce(h.position, 0) + a.step, a.change, a.type, a.data, a.metadata
  from (select "$v".* from backstory_old_rows "$r" cross join lateral (select "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 1::smallint, true)::pg_catalog.int4 as "id", "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 2::smallint, false)::pg_catalog.text as "body") "$m" cross join lateral (select "id", "body" from (select "$r".*) "$x") "$v") o
  full join (select distinct on (x."id") x.* from (select "$v".* from backstory_new_rows "$r" cross join lateral (select "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 1::smallint, true)::pg_catalog.int4 as "id", "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 2::smallint, false)::pg_catalog.text as "body") "$m" cross join lateral (select "id", "body" from (select "$r".*) "$x") "$v") x) n on o."id" = n."id"
  cross join lateral (
    select coalesce((cast(n."id" as text) collate "C"), (cast(o."id" as text) collate "C")) as stream_id, (cast(o."id" as text) collate "C") is not null as was, (cast(n."id" as text) collate "C") is not null as is offset 0
  ) k left join unnest(capture.others) u (stream_id) on u.stream_id = k.stream_id
  cross join lateral (select e.position, e.change, coalesce(e.told, false) as told from (select) one left join lateral (select v.stream_position as position, case v.change when 'n' then (select v.change from "backstory".events v where v.category = 'note' and v.stream_id = k.stream_id and v.change <> 'n' order by v.stream_position desc limit 1) else v.change end as change, v.recorded_at >= statement_timestamp() as told from "backstory".events v where v.category = 'note' and v.stream_id = k.stream_id order by v.stream_position desc limit 1) e on true) h
  left join lateral (select n.* where false) c on true
  left join lateral (
    select l.* from (
      select jsonb_object_agg(d.key, d.value order by v.stream_position) filter (where d.key is not null) as data,
             bool_or(v.newest and v.change = 'd') as gone, bool_or(v.change = 'c') as begun,
             bool_or(v.change = 'c' and v.metadata ->> 'origin' is distinct from 'backfill') as created
      from (
        select v.stream_position, v.change, v.metadata, v.data, v.recorded_at, row_number() over (order by v.stream_position desc) = 1 as newest
        from "backstory".events v
        where v.category = 'note' and v.stream_id = k.stream_id and v.change <> 'n'
        order by v.stream_position desc limit 20) v
      left join lateral jsonb_each(v.data::jsonb) d on true
      where v.recorded_at >= statement_timestamp()
    ) l where h.told
  ) l on true
  cross join lateral (select case when (cast(c."id" as text) collate "C") is not null then c."id" else n."id" end as "id", case when (cast(c."id" as text) collate "C") is not null then c."body" else n."body" end as "body") w
  cross join lateral (
    select k.was and h.change <> 'd' is not true as begins,
           case when k.is and not k.was then null
                when not k.is then case when (cast(c."id" as text) collate "C") is not null then ('{' || concat_ws(',', case when o."id" is distinct from w."id" then '"id":' || coalesce(to_json(w."id")::text, 'null') end, case when o."body" is distinct from w."body" then '"body":' || coalesce(to_json(w."body")::text, 'null') end) || '}') end
                when h.told then ('{' || concat_ws(',', case when o."id" is distinct from n."id" and not (l.data ? 'id' and n."id" is distinct from w."id") then '"id":' || coalesce(to_json(w."id")::text, 'null') end, case when o."body" is distinct from n."body" and not (l.data ? 'body' and n."body" is distinct from w."body") then '"body":' || coalesce(to_json(w."body")::text, 'null') end) || '}')
                else ('{' || concat_ws(',', case when o."id" is distinct from n."id" then '"id":' || coalesce(to_json(n."id")::text, 'null') end, case when o."body" is distinct from n."body" then '"body":' || coalesce(to_json(n."body")::text, 'null') end) || '}') end as patch
    offset 0
  ) r
  left join lateral (
    select x.e ->> 'type' as type, x.e -> 'data' as data, x.e -> 'announced' as announced
    from jsonb_array_elements(capture.intents) with ordinality x (e, n)
    where coalesce(x.e ->> 'id', k.stream_id) = k.stream_id and coalesce(x.e ->> 'on', case when not k.is then 'deleted' when not k.was then 'created' else 'updated' end) = case when not k.is then 'deleted' when not k.was then 'created' else 'updated' end
      and case when x.e ? 'announced' then pg_trigger_depth() = 1 else not exists (
        select from "backstory".events v
        where v.category = 'note' and v.stream_id = k.stream_id and v.change <> 'n' and v.stream_position = (select max(v.stream_position) from "backstory".events v where v.category = 'note' and v.stream_id = k.stream_id and v.change <> 'n') and starts_with(v.metadata ->> 'scope', x.e ->> 'scope')) end
    order by x.n limit 1
  ) i on true
  cross join lateral (
    select 1 as step, 'c'::"char" as change, 'NoteCreated' as type, (select row_to_json(s.*) from (select o."id" as "id", o."body" as "body") s) as data, '{"origin":"backfill"}'::jsonb as metadata where r.begins
    union all
    select case when r.begins then 2 else 1 end, 'u', coalesce(i.type, 'NoteUpdated'), (select case when i.type is null then d.data else (coalesce(i.data - array['id', 'body']::text[], '{}') || d.data::jsonb)::json end from (select (r.patch)::json as data offset 0) d), capture.context where k.was and k.is
    union all
    select case when r.begins then 2 else 1 end, 'u', coalesce(i.type, 'NoteUpdated'), (select case when i.type is null then d.data else (coalesce(i.data - array['id', 'body']::text[], '{}') || d.data::jsonb)::json end from (select (r.patch)::json as data offset 0) d), capture.context from (select w.*) n where not k.is and (cast(c."id" as text) collate "C") is not null
    union all
    select case when r.begins then 2 else 1 end, 'd', coalesce(i.type, 'NoteDeleted'), (select case when i.type is null then d.data else (coalesce(i.data - array['id', 'body']::text[], '{}') || d.data::jsonb)::json end from (select ('{}')::json as data offset 0) d), capture.context where not k.is and not (cast(c."id" as text) collate "C") is not null
    union all
    select 1, case when h.change <> 'd' and (select v.change from "backstory".events v where v.category = 'note' and v.stream_id = k.stream_id and v.change in ('c', 'd') order by v.stream_position desc limit 1) = 'c' then 'u'::"char" else 'c' end, coalesce(i.type, 'NoteCreated'), (select case when i.type is null then d.data else (coalesce(i.data - array['id', 'body']::text[], '{}') || d.data::jsonb)::json end from (select (case when h.told then (select row_to_json(s.*) from (select w."id" as "id", w."body" as "body") s) else (select row_to_json(s.*) from (select n."id" as "id", n."body" as "body") s) end)::json as data offset 0) d), capture.context where not k.was
  ) e
  cross join lateral (
    select e.step, e.change, e.type, e.data, e.metadata where i.announced is null or e.metadata @> '{"origin":"backfill"}'
    union all
    select e.step - 1 + x.step, x.change, x.type, x.data, x.metadata from "backstory".explained_events('note', k.stream_id, e.change, e.data, e.metadata, case when e.metadata @> '{"origin":"backfill"}' then null else i.announced end, 'NoteUpdated') x
  ) a
  where (capture.others is null or u.stream_id is not null) and (r.patch is distinct from '{}' or i.announced is not null) and not (h.told and l.gone and not (cast(c."id" as text) collate "C") is not null);
  end if;
  end if;
    exception when unique_violation then
      raise exception 'could not serialize access due to a concurrent change of the same aggregate'
        using errcode = 'serialization_failure', hint = 'The transaction might succeed if retried.';
    end;
  else
if capture.intents is null then
      insert into "backstory".events (category, stream_id, stream_position, change, type, data, metadata)
  select 'note', k.stream_id, coalesce(h.position, 0) + 1, 'u', 'NoteUpdated', r.patch::json, capture.context
  from (select "$v".* from backstory_old_rows "$r" cross join lateral (select "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 1::smallint, true)::pg_catalog.int4 as "id", "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 2::smallint, false)::pg_catalog.text as "body") "$m" cross join lateral (select "id", "body" from (select "$r".*) "$x") "$v") o cross join (select "$v".* from backstory_new_rows "$r" cross join lateral (select "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 1::smallint, true)::pg_catalog.int4 as "id", "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 2::smallint, false)::pg_catalog.text as "body") "$m" cross join lateral (select "id", "body" from (select "$r".*) "$x") "$v") n
  cross join lateral (select (cast(n."id" as text) collate "C") as stream_id, ('{' || concat_ws(',', case when o."id" is distinct from n."id" then '"id":' || coalesce(to_json(n."id")::text, 'null') end, case when o."body" is distinct from n."body" then '"body":' || coalesce(to_json(n."body")::text, 'null') end) || '}') as patch offset 0) k
  cross join lateral (select k.patch) r
  inner join lateral (select v.stream_position as position, v.change, v.recorded_at >= statement_timestamp() as told from "backstory".events v where v.category = 'note' and v.stream_id = k.stream_id order by v.stream_position desc limit 1) h on true
  where h.change <> 'd' and not h.told and h.change <> 'n' and o."id" = n."id" and r.patch <> '{}' and not exists (select from backstory_new_rows offset 1);
    get diagnostics capture.written = row_count;
    if capture.written = 0 then
  with backstory_changes as materialized (
    select k.stream_id, h.position, 'NoteUpdated' as type, r.patch as data, (h.change <> 'd' and not h.told and k.stayed) is true as plain
    from (select "$v".* from backstory_old_rows "$r" cross join lateral (select "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 1::smallint, true)::pg_catalog.int4 as "id", "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 2::smallint, false)::pg_catalog.text as "body") "$m" cross join lateral (select "id", "body" from (select "$r".*) "$x") "$v") o full join (select "$v".* from backstory_new_rows "$r" cross join lateral (select "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 1::smallint, true)::pg_catalog.int4 as "id", "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 2::smallint, false)::pg_catalog.text as "body") "$m" cross join lateral (select "id", "body" from (select "$r".*) "$x") "$v") n on o."id" = n."id"
  cross join lateral (select coalesce((cast(n."id" as text) collate "C"), (cast(o."id" as text) collate "C")) as stream_id, (cast(o."id" as text) collate "C") is not null and (cast(n."id" as text) collate "C") is not null as stayed offset 0) k
  cross join lateral (select case when k.stayed then ('{' || concat_ws(',', case when o."id" is distinct from n."id" then '"id":' || coalesce(to_json(n."id")::text, 'null') end, case when o."body" is distinct from n."body" then '"body":' || coalesce(to_json(n."body")::text, 'null') end) || '}') end as patch offset 0) r
    cross join lateral (select e.position, e.change, coalesce(e.told, false) as told from (select) one left join lateral (select v.stream_position as position, case v.change when 'n' then (select v.change from "backstory".events v where v.category = 'note' and v.stream_id = k.stream_id and v.change <> 'n' order by v.stream_position desc limit 1) else v.change end as change, v.recorded_at >= statement_timestamp() as told from "backstory".events v where v.category = 'note' and v.stream_id = k.stream_id order by v.stream_position desc limit 1) e on true) h
    where r.patch is distinct from '{}'
  ), backstory_written as (
    insert into "backstory".events (category, stream_id, stream_position, change, type, data, metadata)
    select 'note', c.stream_id, coalesce(c.position, 0) + 1, 'u', c.type, c.data::json, capture.context
    from backstory_changes c where c.plain
  )
  select array_agg(distinct c.stream_id) filter (where not c.plain) into capture.others from backstory_changes c;
    end if;
  end if;
  if capture.intents is not null or capture.others is not null then
if to_regclass('"public"."note"') is not null then
  if exists (select from (select distinct (cast(n."id" as text) collate "C") as stream_id from (select "$v".* from backstory_new_rows "$r" cross join lateral (select "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 1::smallint, true)::pg_catalog.int4 as "id", "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 2::smallint, false)::pg_catalog.text as "body") "$m" cross join lateral (select "id", "body" from (select "$r".*) "$x") "$v") n) k where exists (select from "backstory".untracked_ends u where u.category = 'note' and u.stream_id = k.stream_id)) then
    insert into "backstory".events (category, stream_id, stream_position, recorded_at, change, type, data, metadata)
    select 'note', k.stream_id, h.position + 1, e.ended_at, 'd', 'NoteDeleted', '{}', w.metadata
    from (select distinct (cast(n."id" as text) collate "C") as stream_id from (select "$v".* from backstory_new_rows "$r" cross join lateral (select "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 1::smallint, true)::pg_catalog.int4 as "id", "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 2::smallint, false)::pg_catalog.text as "body") "$m" cross join lateral (select "id", "body" from (select "$r".*) "$x") "$v") n) k
    cross join lateral (select u.ended_at, u.work from "backstory".untracked_ends u where u.category = 'note' and u.stream_id = k.stream_id order by u.mark desc limit 1) e
    join "backstory".untracked_work w on w.id = e.work
    cross join lateral (select max(v.stream_position) as position from "backstory".events v where v.category = 'note' and v.stream_id = k.stream_id) h
    where h.position is not null and "backstory".ended_untracked('note', k.stream_id);
  end if;
  insert into "backstory".events (category, stream_id, stream_position, change, type, data, metadata)
  select 'note', k.stream_id, coalesce(h.position, 0) + a.step, a.change, a.type, a.data, a.metadata
  from (select "$v".* from backstory_old_rows "$r" cross join lateral (select "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 1::smallint, true)::pg_catalog.int4 as "id", "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 2::smallint, false)::pg_catalog.text as "body") "$m" cross join lateral (select "id", "body" from (select "$r".*) "$x") "$v") o
  full join (select distinct on (x."id") x.* from (select "$v".* from backstory_new_rows "$r" cross join lateral (select "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 1::smallint, true)::pg_catalog.int4 as "id", "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 2::smallint, false)::pg_catalog.text as "body") "$m" cross join lateral (select "id", "body" from (select "$r".*) "$x") "$v") x) n on o."id" = n."id"
  cross join lateral (
    select coalesce((cast(n."id" as text) collate "C"), (cast(o."id" as text) collate "C")) as stream_id, (cast(o."id" as text) collate "C") is not null as was, (cast(n."id" as text) collate "C") is not null as is offset 0
  ) k left join unnest(capture.others) u (stream_id) on u.stream_id = k.stream_id
  cross join lateral (select e.position, e.change, coalesce(e.told, false) as told from (select) one left join lateral (select v.stream_position as position, case v.change when 'n' then (select v.change from "backstory".events v where v.category = 'note' and v.stream_id = k.stream_id and v.change <> 'n' order by v.stream_position desc limit 1) else v.change end as change, v.recorded_at >= statement_timestamp() as told from "backstory".events v where v.category = 'note' and v.stream_id = k.stream_id order by v.stream_position desc limit 1) e on true) h
  left join lateral (select c.* from (select "$v".* from "public"."note" "$r" cross join lateral (select "backstory".moved_column(("$r".*)::text, null, 'note', '', 1::smallint, true)::pg_catalog.int4 as "id", "backstory".moved_column(("$r".*)::text, null, 'note', '', 2::smallint, false)::pg_catalog.text as "body") "$m" cross join lateral (select "id", "body" from (select "$r".*) "$x") "$v") c where (h.told or not k.is) and c."id" = coalesce(n."id", o."id") limit 1) c on true
  left join lateral (
    select l.* from (
      select jsonb_object_agg(d.key, d.value order by v.stream_position) filter (where d.key is not null) as data,
             bool_or(v.newest and v.change = 'd') as gone, bool_or(v.change = 'c') as begun,
             bool_or(v.change = 'c' and v.metadata ->> 'origin' is distinct from 'backfill') as created
      from (
        select v.stream_position, v.change, v.metadata, v.data, v.recorded_at, row_number() over (order by v.stream_position desc) = 1 as newest
        from "backstory".events v
        where v.category = 'note' and v.stream_id = k.stream_id and v.change <> 'n'
        order by v.stream_position desc limit 20) v
      left join lateral jsonb_each(v.data::jsonb) d on true
      where v.recorded_at >= statement_timestamp()
    ) l where h.told
  ) l on true
  cross join lateral (select case when (cast(c."id" as text) collate "C") is not null then c."id" else n."id" end as "id", case when (cast(c."id" as text) collate "C") is not null then c."body" else n."body" end as "body") w
  cross join lateral (
    select k.was and h.change <> 'd' is not true as begins,
           case when k.is and not k.was then null
                when not k.is then case when (cast(c."id" as text) collate "C") is not null then ('{' || concat_ws(',', case when o."id" is distinct from w."id" then '"id":' || coalesce(to_json(w."id")::text, 'null') end, case when o."body" is distinct from w."body" then '"body":' || coalesce(to_json(w."body")::text, 'null') end) || '}') end
                when h.told then ('{' || concat_ws(',', case when o."id" is distinct from n."id" and not (l.data ? 'id' and n."id" is distinct from w."id") then '"id":' || coalesce(to_json(w."id")::text, 'null') end, case when o."body" is distinct from n."body" and not (l.data ? 'body' and n."body" is distinct from w."body") then '"body":' || coalesce(to_json(w."body")::text, 'null') end) || '}')
                else ('{' || concat_ws(',', case when o."id" is distinct from n."id" then '"id":' || coalesce(to_json(n."id")::text, 'null') end, case when o."body" is distinct from n."body" then '"body":' || coalesce(to_json(n."body")::text, 'null') end) || '}') end as patch
    offset 0
  ) r
  left join lateral (
    select x.e ->> 'type' as type, x.e -> 'data' as data, x.e -> 'announced' as announced
    from jsonb_array_elements(capture.intents) with ordinality x (e, n)
    where coalesce(x.e ->> 'id', k.stream_id) = k.stream_id and coalesce(x.e ->> 'on', case when not k.is then 'deleted' when not k.was then 'created' else 'updated' end) = case when not k.is then 'deleted' when not k.was then 'created' else 'updated' end
      and case when x.e ? 'announced' then pg_trigger_depth() = 1 else not exists (
        select from "backstory".events v
        where v.category = 'note' and v.stream_id = k.stream_id and v.change <> 'n' and v.stream_position = (select max(v.stream_position) from "backstory".events v where v.category = 'note' and v.stream_id = k.stream_id and v.change <> 'n') and starts_with(v.metadata ->> 'scope', x.e ->> 'scope')) end
    order by x.n limit 1
  ) i on true
  cross join lateral (
    select 1 as step, 'c'::"char" as change, 'NoteCreated' as type, (select row_to_json(s.*) from (select o."id" as "id", o."body" as "body") s) as data, '{"origin":"backfill"}'::jsonb as metadata where r.begins
    union all
    select case when r.begins then 2 else 1 end, 'u', coalesce(i.type, 'NoteUpdated'), (select case when i.type is null then d.data else (coalesce(i.data - array['id', 'body']::text[], '{}') || d.data::jsonb)::json end from (select (r.patch)::json as data offset 0) d), capture.context where k.was and k.is
    union all
    select case when r.begins then 2 else 1 end, 'u', coalesce(i.type, 'NoteUpdated'), (select case when i.type is null then d.data else (coalesce(i.data - array['id', 'body']::text[], '{}') || d.data::jsonb)::json end from (select (r.patch)::json as data offset 0) d), capture.context from (select w.*) n where not k.is and (cast(c."id" as text) collate "C") is not null
    union all
    select case when r.begins then 2 else 1 end, 'd', coalesce(i.type, 'NoteDeleted'), (select case when i.type is null then d.data else (coalesce(i.data - array['id', 'body']::text[], '{}') || d.data::jsonb)::json end from (select ('{}')::json as data offset 0) d), capture.context where not k.is and not (cast(c."id" as text) collate "C") is not null
    union all
    select 1, case when h.change <> 'd' and (select v.change from "backstory".events v where v.category = 'note' and v.stream_id = k.stream_id and v.change in ('c', 'd') order by v.stream_position desc limit 1) = 'c' then 'u'::"char" else 'c' end, coalesce(i.type, 'NoteCreated'), (select case when i.type is null then d.data else (coalesce(i.data - array['id', 'body']::text[], '{}') || d.data::jsonb)::json end from (select (case when h.told then (select row_to_json(s.*) from (select w."id" as "id", w."body" as "body") s) else (select row_to_json(s.*) from (select n."id" as "id", n."body" as "body") s) end)::json as data offset 0) d), capture.context where not k.was
  ) e
  cross join lateral (
    select e.step, e.change, e.type, e.data, e.metadata where i.announced is null or e.metadata @> '{"origin":"backfill"}'
    union all
    select e.step - 1 + x.step, x.change, x.type, x.data, x.metadata from "backstory".explained_events('note', k.stream_id, e.change, e.data, e.metadata, case when e.metadata @> '{"origin":"backfill"}' then null else i.announced end, 'NoteUpdated') x
  ) a
  where (capture.others is null or u.stream_id is not null) and (r.patch is distinct from '{}' or i.announced is not null) and not (h.told and l.gone and not (cast(c."id" as text) collate "C") is not null);
  else
  if exists (select from (select distinct (cast(n."id" as text) collate "C") as stream_id from (select "$v".* from backstory_new_rows "$r" cross join lateral (select "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 1::smallint, true)::pg_catalog.int4 as "id", "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 2::smallint, false)::pg_catalog.text as "body") "$m" cross join lateral (select "id", "body" from (select "$r".*) "$x") "$v") n) k where exists (select from "backstory".untracked_ends u where u.category = 'note' and u.stream_id = k.stream_id)) then
    insert into "backstory".events (category, stream_id, stream_position, recorded_at, change, type, data, metadata)
    select 'note', k.stream_id, h.position + 1, e.ended_at, 'd', 'NoteDeleted', '{}', w.metadata
    from (select distinct (cast(n."id" as text) collate "C") as stream_id from (select "$v".* from backstory_new_rows "$r" cross join lateral (select "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 1::smallint, true)::pg_catalog.int4 as "id", "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 2::smallint, false)::pg_catalog.text as "body") "$m" cross join lateral (select "id", "body" from (select "$r".*) "$x") "$v") n) k
    cross join lateral (select u.ended_at, u.work from "backstory".untracked_ends u where u.category = 'note' and u.stream_id = k.stream_id order by u.mark desc limit 1) e
    join "backstory".untracked_work w on w.id = e.work
    cross join lateral (select max(v.stream_position) as position from "backstory".events v where v.category = 'note' and v.stream_id = k.stream_id) h
    where h.position is not null and "backstory".ended_untracked('note', k.stream_id);
  end if;
  insert into "backstory".events (category, stream_id, stream_position, change, type, data, metadata)
  select 'note', k.stream_id, coalesce(h.position, 0) + a.step, a.change, a.type, a.data, a.metadata
  from (select "$v".* from backstory_old_rows "$r" cross join lateral (select "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 1::smallint, true)::pg_catalog.int4 as "id", "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 2::smallint, false)::pg_catalog.text as "body") "$m" cross join lateral (select "id", "body" from (select "$r".*) "$x") "$v") o
  full join (select distinct on (x."id") x.* from (select "$v".* from backstory_new_rows "$r" cross join lateral (select "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 1::smallint, true)::pg_catalog.int4 as "id", "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 2::smallint, false)::pg_catalog.text as "body") "$m" cross join lateral (select "id", "body" from (select "$r".*) "$x") "$v") x) n on o."id" = n."id"
  cross join lateral (
    select coalesce((cast(n."id" as text) collate "C"), (cast(o."id" as text) collate "C")) as stream_id, (cast(o."id" as text) collate "C") is not null as was, (cast(n."id" as text) collate "C") is not null as is offset 0
  ) k left join unnest(capture.others) u (stream_id) on u.stream_id = k.stream_id
  cross join lateral (select e.position, e.change, coalesce(e.told, false) as told from (select) one left join lateral (select v.stream_position as position, case v.change when 'n' then (select v.change from "backstory".events v where v.category = 'note' and v.stream_id = k.stream_id and v.change <> 'n' order by v.stream_position desc limit 1) else v.change end as change, v.recorded_at >= statement_timestamp() as told from "backstory".events v where v.category = 'note' and v.stream_id = k.stream_id order by v.stream_position desc limit 1) e on true) h
  left join lateral (select n.* where false) c on true
  left join lateral (
    select l.* from (
      select jsonb_object_agg(d.key, d.value order by v.stream_position) filter (where d.key is not null) as data,
             bool_or(v.newest and v.change = 'd') as gone, bool_or(v.change = 'c') as begun,
             bool_or(v.change = 'c' and v.metadata ->> 'origin' is distinct from 'backfill') as created
      from (
        select v.stream_position, v.change, v.metadata, v.data, v.recorded_at, row_number() over (order by v.stream_position desc) = 1 as newest
        from "backstory".events v
        where v.category = 'note' and v.stream_id = k.stream_id and v.change <> 'n'
        order by v.stream_position desc limit 20) v
      left join lateral jsonb_each(v.data::jsonb) d on true
      where v.recorded_at >= statement_timestamp()
    ) l where h.told
  ) l on true
  cross join lateral (select case when (cast(c."id" as text) collate "C") is not null then c."id" else n."id" end as "id", case when (cast(c."id" as text) collate "C") is not null then c."body" else n."body" end as "body") w
  cross join lateral (
    select k.was and h.change <> 'd' is not true as begins,
           case when k.is and not k.was then null
                when not k.is then case when (cast(c."id" as text) collate "C") is not null then ('{' || concat_ws(',', case when o."id" is distinct from w."id" then '"id":' || coalesce(to_json(w."id")::text, 'null') end, case when o."body" is distinct from w."body" then '"body":' || coalesce(to_json(w."body")::text, 'null') end) || '}') end
                when h.told then ('{' || concat_ws(',', case when o."id" is distinct from n."id" and not (l.data ? 'id' and n."id" is distinct from w."id") then '"id":' || coalesce(to_json(w."id")::text, 'null') end, case when o."body" is distinct from n."body" and not (l.data ? 'body' and n."body" is distinct from w."body") then '"body":' || coalesce(to_json(w."body")::text, 'null') end) || '}')
                else ('{' || concat_ws(',', case when o."id" is distinct from n."id" then '"id":' || coalesce(to_json(n."id")::text, 'null') end, case when o."body" is distinct from n."body" then '"body":' || coalesce(to_json(n."body")::text, 'null') end) || '}') end as patch
    offset 0
  ) r
  left join lateral (
    select x.e ->> 'type' as type, x.e -> 'data' as data, x.e -> 'announced' as announced
    from jsonb_array_elements(capture.intents) with ordinality x (e, n)
    where coalesce(x.e ->> 'id', k.stream_id) = k.stream_id and coalesce(x.e ->> 'on', case when not k.is then 'deleted' when not k.was then 'created' else 'updated' end) = case when not k.is then 'deleted' when not k.was then 'created' else 'updated' end
      and case when x.e ? 'announced' then pg_trigger_depth() = 1 else not exists (
        select from "backstory".events v
        where v.category = 'note' and v.stream_id = k.stream_id and v.change <> 'n' and v.stream_position = (select max(v.stream_position) from "backstory".events v where v.category = 'note' and v.stream_id = k.stream_id and v.change <> 'n') and starts_with(v.metadata ->> 'scope', x.e ->> 'scope')) end
    order by x.n limit 1
  ) i on true
  cross join lateral (
    select 1 as step, 'c'::"char" as change, 'NoteCreated' as type, (select row_to_json(s.*) from (select o."id" as "id", o."body" as "body") s) as data, '{"origin":"backfill"}'::jsonb as metadata where r.begins
    union all
    select case when r.begins then 2 else 1 end, 'u', coalesce(i.type, 'NoteUpdated'), (select case when i.type is null then d.data else (coalesce(i.data - array['id', 'body']::text[], '{}') || d.data::jsonb)::json end from (select (r.patch)::json as data offset 0) d), capture.context where k.was and k.is
    union all
    select case when r.begins then 2 else 1 end, 'u', coalesce(i.type, 'NoteUpdated'), (select case when i.type is null then d.data else (coalesce(i.data - array['id', 'body']::text[], '{}') || d.data::jsonb)::json end from (select (r.patch)::json as data offset 0) d), capture.context from (select w.*) n where not k.is and (cast(c."id" as text) collate "C") is not null
    union all
    select case when r.begins then 2 else 1 end, 'd', coalesce(i.type, 'NoteDeleted'), (select case when i.type is null then d.data else (coalesce(i.data - array['id', 'body']::text[], '{}') || d.data::jsonb)::json end from (select ('{}')::json as data offset 0) d), capture.context where not k.is and not (cast(c."id" as text) collate "C") is not null
    union all
    select 1, case when h.change <> 'd' and (select v.change from "backstory".events v where v.category = 'note' and v.stream_id = k.stream_id and v.change in ('c', 'd') order by v.stream_position desc limit 1) = 'c' then 'u'::"char" else 'c' end, coalesce(i.type, 'NoteCreated'), (select case when i.type is null then d.data else (coalesce(i.data - array['id', 'body']::text[], '{}') || d.data::jsonb)::json end from (select (case when h.told then (select row_to_json(s.*) from (select w."id" as "id", w."body" as "body") s) else (select row_to_json(s.*) from (select n."id" as "id", n."body" as "body") s) end)::json as data offset 0) d), capture.context where not k.was
  ) e
  cross join lateral (
    select e.step, e.change, e.type, e.data, e.metadata where i.announced is null or e.metadata @> '{"origin":"backfill"}'
    union all
    select e.step - 1 + x.step, x.change, x.type, x.data, x.metadata from "backstory".explained_events('note', k.stream_id, e.change, e.data, e.metadata, case when e.metadata @> '{"origin":"backfill"}' then null else i.announced end, 'NoteUpdated') x
  ) a
  where (capture.others is null or u.stream_id is not null) and (r.patch is distinct from '{}' or i.announced is not null) and not (h.told and l.gone and not (cast(c."id" as text) collate "C") is not null);
  end if;
  end if;
  end if;
  return null;
  exception when others then
    get stacked diagnostics capture.failed_state = returned_sqlstate, capture.failed_message = message_text,
      capture.failed_at = pg_exception_context, capture.failed_constraint = constraint_name;
    if capture.intents is not null or not "backstory".may_go_on('note', capture.failed_state, capture.failed_constraint) then raise; end if;
    begin
      capture.failed_rows := (select count(*) from backstory_new_rows x);
    exception when others then
      if "backstory".ends_the_statement(sqlstate) then raise; end if;
    end;
    begin
      capture.failed_streams := (select array_agg(s.id) from (
        select distinct u.id from ((select (cast(x."id" as text) collate "C") from (select "$v".* from backstory_new_rows "$r" cross join lateral (select "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 1::smallint, true)::pg_catalog.int4 as "id", "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 2::smallint, false)::pg_catalog.text as "body") "$m" cross join lateral (select "id", "body" from (select "$r".*) "$x") "$v") x limit 100) union all (select (cast(x."id" as text) collate "C") from (select "$v".* from backstory_old_rows "$r" cross join lateral (select "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 1::smallint, true)::pg_catalog.int4 as "id", "backstory".moved_column(("$r".*)::text, capture.fired_on, 'note', '', 2::smallint, false)::pg_catalog.text as "body") "$m" cross join lateral (select "id", "body" from (select "$r".*) "$x") "$v") x limit 100)) u (id) where u.id is not null order by 1 limit 100) s);
    exception when others then
      if "backstory".ends_the_statement(sqlstate) then raise; end if;
    end;
    perform "backstory".note_capture_failure('note', fired_on::regclass::text, tg_op, capture.failed_state, capture.failed_message, capture.failed_at,
      coalesce(capture.context, '{}'), capture.failed_rows, capture.failed_streams);
    raise warning 'Backstory has no event of this % of %, because capture has failed: %', tg_op, fired_on::regclass, capture.failed_message
      using errcode = capture.failed_state, constraint = 'backstory_capture_failure', schema = 'backstory',
        hint = '"npx backstory repair note" appends what is missing once capture is mended. See "npx backstory doctor".';
  end;
  return null;
end $function$
