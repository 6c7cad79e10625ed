-- Who gets the events, and how far each has come. One row for each partition of a consumer's streams.
create table :schema.consumers (
  name text,
  partition smallint,
  partitions smallint not null,
  -- everything up to here has been handled, but for the gaps
  position bigint not null,
  -- positions below that were missing and may still appear: [["5", "7"], ...], both ends included
  gaps jsonb not null default '[]',
  -- changes with every owner and every intervention: who has an older one can't move the checkpoint
  epoch bigint not null default 0,
  owner uuid,
  lease_until timestamptz,
  -- of the event that is being retried
  error text,
  failing_since timestamptz,
  updated_at timestamptz not null default clock_timestamp(),
  primary key (name, partition)
) with (fillfactor = 50);

-- The processes that work for a consumer: they share its partitions.
create table :schema.consumer_workers (
  consumer text,
  worker uuid,
  host text not null,
  expires_at timestamptz not null,
  primary key (consumer, worker)
);

-- Events that a consumer could not handle, and all later ones of their streams.
create table :schema.parked_events (
  consumer text,
  global_position bigint,
  category text collate "C" not null,
  stream_id text collate "C" not null,
  -- null of one that is parked behind another
  error text,
  attempts integer not null,
  parked_at timestamptz not null default clock_timestamp(),
  failed_at timestamptz,
  -- somebody wants it tried again
  retry boolean not null default false,
  primary key (consumer, global_position)
);

create index parked_events_of_stream on :schema.parked_events (consumer, category, stream_id);

-- Who had parked events tried again. They leave parked_events when they are handled, so it is kept here.
create table :schema.retry_requests (
  id bigint generated always as identity primary key,
  consumer text not null,
  events integer not null,
  first_position bigint not null,
  last_position bigint not null,
  requested_by text not null,
  requested_at timestamptz not null default clock_timestamp()
);

create table :schema.discarded_events (
  consumer text,
  global_position bigint,
  error text,
  reason text not null,
  discarded_by text not null,
  discarded_at timestamptz not null default clock_timestamp(),
  primary key (consumer, global_position)
);

-- Which generation of each projection is read, and which one is being built beside it.
create table :schema.projections (
  name text primary key,
  live integer not null,
  next integer,
  -- it writes into tables of its own for each generation
  rebuildable boolean not null,
  changed_at timestamptz not null default clock_timestamp()
);
