-- A projection may live in another database. There its checkpoint says of which log it is, so that nobody moves that of another one.
alter table :schema.projections
  -- where it lives, as people call it: mariadb reporting; null in this database
  add column place text,
  add column log_key uuid not null default gen_random_uuid();
