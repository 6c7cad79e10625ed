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
