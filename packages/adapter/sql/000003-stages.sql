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
