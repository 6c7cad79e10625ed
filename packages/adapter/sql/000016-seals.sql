-- Evidence that events were not changed, made by a reader behind the writers. Blocks of events, each with the root of a Merkle tree
-- over its events and the hash of the block before it. The hash of a block is kept outside of this database, too: who may write here
-- could make all of this anew.
create table :schema.seal_blocks (
  number bigint primary key check (number > 0),
  -- a block holds every position from its first to its last, but for its gaps: "5-7,9"
  first_position bigint not null,
  last_position bigint not null,
  events integer not null,
  gaps text collate "C" not null,
  -- 32 bytes for each event, in the order of positions
  leaves bytea not null,
  root bytea not null,
  previous bytea not null,
  hash bytea not null,
  sealed_at timestamptz not null,
  -- when its digest was written outside
  published_at timestamptz
);

-- hashes are not compressed
alter table :schema.seal_blocks alter column leaves set storage external;

create unique index seal_blocks_last_position on :schema.seal_blocks (last_position);

create index seal_blocks_unpublished on :schema.seal_blocks (number) where published_at is null;

-- What a leaf says of an event's data and metadata: a hash that nobody can guess values for without the salt. Who erases values of
-- an event takes its salt away, too.
create table :schema.event_commitments (
  global_position bigint primary key,
  salt bytea,
  commitment bytea not null
);

-- An archived event is sealed and verified by its position, like any other.
create index archived_events_global_position on :schema.archived_events (global_position);

create function :schema.refuse_change_of_seals() returns trigger language plpgsql as $$
begin
  raise exception 'Backstory: seals are append-only, % of % is refused', tg_op, tg_table_name
    using errcode = 'restrict_violation', hint = 'Only a salt may be taken away: when values of its event are erased.';
end $$;

create trigger seals_are_append_only before delete or truncate on :schema.event_commitments
  for each statement execute function :schema.refuse_change_of_seals();

create trigger only_salts_go before update on :schema.event_commitments
  for each row when (new.salt is not null or new.commitment <> old.commitment or new.global_position <> old.global_position)
  execute function :schema.refuse_change_of_seals();

create trigger seals_are_append_only before delete or truncate on :schema.seal_blocks
  for each statement execute function :schema.refuse_change_of_seals();

create trigger blocks_stay_as_they_are before update on :schema.seal_blocks
  for each row when (row(new.number, new.hash, new.previous, new.root, new.leaves, new.gaps, new.first_position, new.last_position, new.events, new.sealed_at)
    is distinct from row(old.number, old.hash, old.previous, old.root, old.leaves, old.gaps, old.first_position, old.last_position, old.events, old.sealed_at))
  execute function :schema.refuse_change_of_seals();

-- Seals are the owner's: nobody else reads salts or writes blocks, whatever default privileges say.
revoke execute on function :schema.refuse_change_of_seals() from public;

do $$
declare
  given record;
begin
  for given in
    select c.oid::regclass as own, case when a.grantee = 0 then 'public' else a.grantee::regrole::text end as grantee
    from pg_class c cross join lateral aclexplode(c.relacl) a
    where c.oid in ($name$:schema.seal_blocks$name$::regclass, $name$:schema.event_commitments$name$::regclass) and a.grantee <> c.relowner
  loop
    execute format('revoke all on %s from %s', given.own, given.grantee);
  end loop;
end $$;
