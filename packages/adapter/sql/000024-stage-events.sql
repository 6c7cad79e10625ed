-- Behind replay: commands are the way to write. Reads are replayed, all of them.
alter table :schema.stages drop constraint stages_stage_check, drop constraint stages_check;
alter table :schema.stages
  add constraint stages_stage_check check (stage in ('off', 'capture', 'shadow', 'replay', 'events')),
  add constraint stages_check check ((stage in ('replay', 'events')) = (replay_percent > 0)),
  add constraint stages_events_check check (stage <> 'events' or replay_percent = 100),
  -- Whose writes are refused that no command explains: of these roles and their members, of everybody where it is empty, of nobody where it is null. It says
  -- so in stage events only: a release that doesn't know it leaves it when it moves the aggregate.
  add column refused_roles text[];

alter table :schema.stage_changes add column refused_roles text[];

-- Whether the functions of a table ask refuses_residual(): so, if this is when they were made. A release that doesn't know of it makes them anew without.
alter table :schema.aggregates add column refusing_since timestamptz;

-- Whether what the role of this session writes to an aggregate is refused where no command explains it. A superuser is a member of what it was made
-- a member of. The current role is the owner of the trigger function that asks, so it is the role of the session that counts.
create function :schema.refuses_residual(of_category text) returns boolean language plpgsql stable as $$
declare
  refused text[];
begin
  select s.refused_roles into refused from :schema.stages s where s.category = of_category and s.stage = 'events';
  if refused is null or refused = '{}' then return refused is not null; end if;
  return exists (
    with recursive roles as (
      select r.oid, r.rolname from pg_roles r
      where r.rolname = case when current_setting('role') = 'none' then session_user else current_setting('role') end::name
      union
      select r.oid, r.rolname from roles b join pg_auth_members m on m.member = b.oid join pg_roles r on r.oid = m.roleid)
    select from roles r where r.rolname::text = any (refused));
end $$;

-- Says which way there is.
create function :schema.refuse_residual(of_category text, known_as text, of_stream text, operation text, of_table oid) returns void
  language plpgsql as $$
begin
  raise exception 'Backstory: % of %-% is refused: "%" is changed by its commands only', operation, known_as, of_stream, known_as
    using errcode = 'restrict_violation', constraint = 'backstory_residual', detail = concat(known_as, ' ', of_stream),
      schema = (select n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = of_table),
      table = (select c.relname from pg_class c where c.oid = of_table),
      hint = format('Write a command: backstory.handle(), or create(). To let others write again: npx backstory stage %s events --residual allow', known_as);
end $$;

-- Whether a statement with this context was sent by a command for a stream: its own change, or what triggers do to the same stream within it. Of a
-- stream that it has begun, no statement knows the name: its events have the scope.
create function :schema.is_of_command(announced jsonb, context jsonb, of_category text, of_stream text, depth integer) returns boolean
  language plpgsql stable as $$
begin
  if announced is null then return false; end if;
  if announced ? 'id' then return announced ->> 'id' = of_stream; end if;
  return depth = 1 or exists (
    select from :schema.visible_events v
    where v.category = of_category collate "C" and v.stream_id = of_stream collate "C" and v.metadata ->> 'scope' = context ->> 'scope');
end $$;
