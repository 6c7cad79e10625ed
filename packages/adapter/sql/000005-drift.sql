-- What the last complete verify of each category found.
create table :schema.verifications (
  category text primary key,
  rows_compared bigint not null,
  streams_compared bigint not null,
  drifted bigint not null,
  verified_at timestamptz not null,
  -- every event that was recorded before was seen by it
  seen_until timestamptz not null
);

-- Shadow reads since the category entered its stage.
create table :schema.shadow_reads (
  category text primary key,
  compared bigint not null default 0,
  drifted bigint not null default 0,
  -- not compared because too many were waiting, or because the comparison failed
  skipped bigint not null default 0,
  failed bigint not null default 0,
  since timestamptz not null default now(),
  last_compared_at timestamptz
);

-- How often which property differed. As many rows as there are properties, whatever happens.
create table :schema.drift_counts (
  category text not null,
  found_by text not null,
  kind text not null,
  -- of a part: behind the path of its relation; empty where there is no row or no event to have properties
  property text not null,
  times bigint not null,
  first_found_at timestamptz not null default now(),
  last_found_at timestamptz not null default now(),
  primary key (category, found_by, kind, property)
);

-- Examples: streams whose replay differed from their row, and by which properties.
create table :schema.drifts (
  category text not null,
  -- by hash: an example may take the place of an earlier one, so that there are never more of them than places
  slot smallint not null,
  stream_id text not null,
  kind text not null,
  -- their names only: values may be personal data
  properties jsonb not null default '[]',
  found_by text not null,
  found_at timestamptz not null default now(),
  primary key (category, slot)
);
