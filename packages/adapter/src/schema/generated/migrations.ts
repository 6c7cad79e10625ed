// Generated from sql/*.sql by "npm run build:migrations". Do not edit.
export const migrations = [
  {
    id: 1,
    name: '000001-events',
    sql: String.raw`
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
  data jsonb not null,
  metadata jsonb,
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

create function :schema.fold_event(state jsonb, change "char", data jsonb) returns jsonb
  language sql immutable parallel safe as $$
  select case change when 'u' then coalesce(state, '{}') || data when 'c' then data end
$$;

-- select fold(change, data order by stream_position): the state after the last event, null when deleted.
create aggregate :schema.fold("char", jsonb) (sfunc = :schema.fold_event, stype = jsonb);
`,
  },
  {
    id: 2,
    name: '000002-aggregates',
    sql: String.raw`
-- The aggregates that the application has named, and the generated triggers that capture them.
create table :schema.aggregates (
  category text primary key,
  entity text not null,
  -- what the application said of it: excluded properties, names and rules of events
  options jsonb not null,
  table_schema text not null,
  table_name text not null,
  -- of the table with the triggers, and of the generated functions and triggers; null while nothing is captured
  table_oid oid,
  fingerprint text,
  installed_at timestamptz
);
`,
  },
  {
    id: 3,
    name: '000003-stages',
    sql: String.raw`
-- Where each aggregate stands on its way: off, capture, shadow, replay.
create table :schema.stages (
  category text primary key,
  stage text not null check (stage in ('off', 'capture', 'shadow', 'replay')),
  changed_at timestamptz not null default now(),
  -- since when every change has been captured without a break; null while off
  captured_since timestamptz
);

create table :schema.stage_changes (
  id bigint generated always as identity primary key,
  category text not null,
  from_stage text,
  to_stage text not null,
  changed_at timestamptz not null default now(),
  changed_by text not null,
  reason text,
  forced boolean not null default false
);

create index stage_changes_of_category on :schema.stage_changes (category, id);
`,
  },
  {
    id: 4,
    name: '000004-backfills',
    sql: String.raw`
-- How far the backfill of each category has come. The cursor moves in the transaction that writes the chunk.
create table :schema.backfills (
  category text primary key,
  -- key of the last row seen, as text, in the order of the primary key's columns
  after_key jsonb,
  rows_seen bigint not null default 0,
  events_written bigint not null default 0,
  started_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  completed_at timestamptz
);
`,
  },
  {
    id: 5,
    name: '000005-drift',
    sql: String.raw`
-- What the last verify of each category found.
create table :schema.verifications (
  category text primary key,
  rows_compared bigint not null,
  streams_compared bigint not null,
  drifted bigint not null,
  verified_at timestamptz not null
);

-- Shadow reads since the category entered the stage shadow.
create table :schema.shadow_reads (
  category text primary key,
  compared bigint not null default 0,
  drifted bigint not null default 0,
  since timestamptz not null default now(),
  last_compared_at timestamptz
);

-- Streams whose replay differed from their row, and by which properties.
create table :schema.drifts (
  id bigint generated always as identity primary key,
  category text not null,
  stream_id text not null,
  kind text not null,
  -- their names only: values may be personal data
  properties jsonb not null default '[]',
  found_by text not null,
  found_at timestamptz not null default now()
);

create index drifts_of_category on :schema.drifts (category, id);
`,
  },
];
