-- A log that has lost events (a crash without synchronous_commit, a failover to a standby that was behind, recovery to a moment,
-- an older dump) gives their positions to others. Consumers outside of the database that have seen the lost ones tell them from
-- the new ones by the epoch: every event from first_position on belongs to it, up to that of the next. Events of before the first
-- row belong to the first epoch, which has no number. The number is the moment of its beginning, in microseconds since 1970:
-- unlike a count it is another one when the same older state is restored twice.
create table :schema.epochs (
  number bigint primary key,
  first_position bigint not null,
  -- the last event that was left then: a sequence goes on some positions behind it, of which lost events may have had some
  survived_position bigint not null,
  started_at timestamptz not null default clock_timestamp()
);

-- Whether this log has gone on without a break. PostgreSQL empties an unlogged table when it recovers from a crash, promotes a
-- standby, or starts from a base backup; a row that came with a dump, or a table of another incarnation, is told by its mark: the
-- transaction that wrote it, which the system column has, too. So "no row that counts" means: a new epoch begins here.
create unlogged table :schema.incarnation (
  events oid not null,
  mark xid,
  -- the end of the log when it was noticed: what has come since is behind it
  base bigint not null,
  -- null until it is known that nobody has noticed it at an earlier end
  epoch bigint
);

-- The last position that was ever given, as far as this server knows.
create function :schema.log_end() returns bigint language sql volatile security definer
  set search_path = pg_catalog, pg_temp as $$
  select greatest(
    coalesce(pg_sequence_last_value(pg_get_serial_sequence($name$:schema.events$name$, 'global_position')::regclass), 0),
    coalesce((select max(global_position) from :schema.events), 0))
$$;

-- The row's own transaction may be a subtransaction, whose number only the row tells.
create function :schema.mark_incarnation(base bigint, epoch bigint) returns void language plpgsql security definer
  set search_path = pg_catalog, pg_temp as $$
declare
  own xid;
begin
  insert into :schema.incarnation (events, base, epoch) values ($name$:schema.events$name$::regclass, $1, $2) returning xmin into own;
  update :schema.incarnation i set mark = own where i.mark is null and i.xmin = own;
end $$;

revoke execute on function :schema.mark_incarnation(bigint, bigint) from public;

-- Null while a new epoch is beginning.
create function :schema.epoch_now() returns bigint language sql stable security definer
  set search_path = pg_catalog, pg_temp as $$
  select i.epoch from :schema.incarnation i
  where i.mark = i.xmin and i.events = $name$:schema.events$name$::regclass and i.epoch is not null limit 1
$$;

create function :schema.note_incarnation() returns void language plpgsql security definer
  set search_path = pg_catalog, pg_temp as $$
begin
  if not exists (
    select from :schema.incarnation i where i.mark = i.xmin and i.events = $name$:schema.events$name$::regclass) then
    perform :schema.mark_incarnation(:schema.log_end(), null);
  end if;
end $$;

-- For who has seen that everybody has ended who wrote events before a mark was there for all to see: the lowest mark counts.
create function :schema.begin_epoch() returns bigint language plpgsql security definer
  set search_path = pg_catalog, pg_temp as $$
declare
  number bigint;
  first bigint;
begin
  perform pg_advisory_xact_lock(hashtext('backstory epoch'), hashtext($name$:schema$name$));
  number := :schema.epoch_now();
  if number is not null then return number; end if;
  select min(i.base) into first from :schema.incarnation i
    where i.mark = i.xmin and i.events = $name$:schema.events$name$::regclass;
  if first is null then return null; end if;
  number := greatest(
    (extract(epoch from clock_timestamp()) * 1000000)::bigint, (select max(e.number) + 1 from :schema.epochs e));
  insert into :schema.epochs (number, first_position, survived_position) values (
    number, first + 1, coalesce((select max(e.global_position) from :schema.events e where e.global_position <= first), 0));
  delete from :schema.incarnation;
  perform :schema.mark_incarnation(first, number);
  return number;
end $$;

create function :schema.known_epochs() returns setof :schema.epochs language sql stable security definer
  set search_path = pg_catalog, pg_temp as $$ select * from :schema.epochs order by number $$;

-- Whoever writes first notices, before it draws a position. A session looks once: it does not outlive a recovery, and forgets
-- what it has noted when its transaction is rolled back.
create function :schema.notice_incarnation() returns trigger language plpgsql as $$
begin
  if pg_catalog.current_setting('backstory.log', true) operator(pg_catalog.=) tg_relid::pg_catalog.text then return null; end if;
  perform :schema.note_incarnation();
  perform pg_catalog.set_config('backstory.log', tg_relid::pg_catalog.text, false);
  return null;
end $$;

create trigger events_notice_incarnation before insert on :schema.events
  for each statement execute function :schema.notice_incarnation();

select :schema.mark_incarnation(:schema.log_end(), 0);
