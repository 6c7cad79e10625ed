-- Where each aggregate stands on its way: off, capture, shadow, replay.
create table :schema.stages (
  category text primary key,
  stage text not null check (stage in ('off', 'capture', 'shadow', 'replay')),
  -- share of the streams that reads replay; the rest of them is compared as in shadow
  replay_percent smallint not null default 0 check (replay_percent between 0 and 100),
  -- when it came into this stage; another percentage is no other stage
  changed_at timestamptz not null default now(),
  -- since when every change has been captured without a break; null while off
  captured_since timestamptz,
  check ((stage = 'replay') = (replay_percent > 0))
);

create table :schema.stage_changes (
  id bigint generated always as identity primary key,
  category text not null,
  from_stage text,
  to_stage text not null,
  -- percentages of stage replay
  from_percent smallint,
  to_percent smallint,
  changed_at timestamptz not null default now(),
  changed_by text not null,
  reason text,
  -- the conditions that stood against it and were not waited for
  overridden text[] not null default '{}'
);

create index stage_changes_of_category on :schema.stage_changes (category, id);
