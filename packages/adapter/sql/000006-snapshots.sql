-- States of long streams, so that a replay need not begin at the first event. A cache: nothing here is the only copy.
create table :schema.snapshots (
  stream_position bigint not null,
  -- the latest of the events up to this one
  recorded_at timestamptz not null,
  category text collate "C" not null,
  stream_id text collate "C" not null,
  -- of what folds the events: another one would fold them otherwise
  fingerprint text collate "C" not null,
  state json not null,
  taken_at timestamptz not null default now(),
  primary key (category, stream_id, fingerprint, stream_position)
);
