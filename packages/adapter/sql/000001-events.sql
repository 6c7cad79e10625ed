-- The event store, which is also the outbox. Written by the capture triggers, the backfill and repair only.
-- Fixed-width columns come first, so that no byte is lost to alignment.
create table :schema.events (
  global_position bigint generated always as identity (cache 1),
  stream_position bigint not null,
  recorded_at timestamptz not null default clock_timestamp(),
  schema_version smallint not null default 1,
  -- c created: data is the full state. u updated: data is what changed. d deleted.
  change "char" not null check (change in ('c', 'u', 'd')),
  category text collate "C" not null,
  stream_id text collate "C" not null,
  type text collate "C" not null,
  -- as text: a seventh smaller than jsonb, and what is read most is read whole
  data json not null,
  metadata jsonb not null default '{}',
  primary key (category, stream_id, stream_position)
);

create unique index events_global_position on :schema.events (global_position);

create function :schema.refuse_change_of_events() returns trigger language plpgsql as $$
begin
  raise exception 'Backstory: events are append-only, % is refused', tg_op
    using errcode = 'restrict_violation',
          hint = 'Append a correction instead: npx backstory repair --help';
end $$;

create trigger events_are_append_only before update or delete or truncate on :schema.events
  for each statement execute function :schema.refuse_change_of_events();

-- The context that the application put in front of its statement: /*backstory {"actor":"…"}*/ insert into …
-- Every character that could end the comment is escaped inside the JSON, so the first */ is the end of ours.
create function :schema.statement_context(statement text) returns jsonb language sql immutable as $$
  select case when left(statement, 12) = '/*backstory '
    then substr(statement, 13, strpos(statement, '*/') - 13)::jsonb end
$$;

create function :schema.fold_event(state jsonb, change "char", data json) returns jsonb
  language sql immutable parallel safe as $$
  select case change when 'u' then state || data::jsonb when 'c' then data::jsonb end
$$;

-- Of a part: what its root's events have under its path and id. An object adds or changes it, null takes it away.
create function :schema.fold_part_event(state jsonb, patch json) returns jsonb
  language sql immutable parallel safe as $$
  select case when patch::text <> 'null' then coalesce(state, '{}') || patch::jsonb end
$$;

-- select fold(change, data order by stream_position): the state after the last event, null when deleted.
create aggregate :schema.fold("char", json) (sfunc = :schema.fold_event, stype = jsonb);

create aggregate :schema.fold_part(json) (sfunc = :schema.fold_part_event, stype = jsonb);

-- Of objects in order: the later over the earlier.
create aggregate :schema.merge(jsonb) (sfunc = jsonb_concat, stype = jsonb, initcond = '{}');
