-- The backfill of each category.
create table :schema.backfills (
  category text primary key,
  -- the condition that limits it to some rows; null for all
  condition text,
  -- what somebody at another terminal wants of it: pause, stop
  wish text,
  started_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  completed_at timestamptz
);

-- How far it has come in each range of keys. The cursor moves in the transaction that writes the chunk.
create table :schema.backfill_ranges (
  category text references :schema.backfills on delete cascade,
  range integer,
  -- keys as text, in the order of the primary key's columns: of the last row seen, and of the last one of the range
  after_key jsonb,
  until_key jsonb,
  rows_seen bigint not null default 0,
  events_written bigint not null default 0,
  done boolean not null default false,
  primary key (category, range)
);
