-- The tables that the application has named: aggregates and their parts, and the generated triggers that capture them.
create table :schema.aggregates (
  category text,
  -- relation path of an owned table, such as lines; empty for the aggregate's own
  part text,
  entity text not null,
  -- what the application said of it: excluded properties, names and rules of events
  options jsonb not null,
  table_schema text not null,
  table_name text not null,
  -- of the table with the triggers, and of the generated functions and triggers; null while nothing is captured
  table_oid oid,
  fingerprint text,
  installed_at timestamptz,
  primary key (category, part)
);
