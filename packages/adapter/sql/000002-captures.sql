-- What is captured, and by which version of the generated triggers.
create table :schema.captures (
  category text primary key,
  entity text not null,
  table_schema text not null,
  table_name text not null,
  table_oid oid not null,
  -- of the generated functions and triggers: another fingerprint means that they must be made anew
  fingerprint text not null,
  installed_at timestamptz not null default now()
);
