-- What a proof was made of: of another configuration or another table it proves nothing.
alter table :schema.verifications
  add column fingerprint text,
  -- rows that had no event at all, while the backfill wasn't complete
  add column without_event bigint not null default 0;
alter table :schema.shadow_reads add column fingerprint text;

-- The table whose rows it walks.
alter table :schema.backfills add column table_oid oid;
update :schema.backfills b set table_oid = a.table_oid
from :schema.aggregates a where a.category = b.category and a.part = '';

-- Since when shadow reads count: the change of the stage, or the last time that they were begun anew in it.
alter table :schema.stages add column compared_since timestamptz not null default now();
update :schema.stages set compared_since = changed_at;
