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
