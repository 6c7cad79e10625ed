-- What a command was asked with, as a hash: the same id with another one is a mistake of whoever has given it.
alter table :schema.commands add column fingerprint text collate "C";

-- As the one without fingerprints, which processes of former releases go on calling.
create function :schema.claim_command(in_id text, in_category text, keep interval, in_fingerprint text)
  returns table (category text, stream_id text, stream_position bigint, fingerprint text) language plpgsql security definer
  set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  if in_id is null or in_category is null then return; end if;
  delete from :schema.commands c where c.id in (
    select o.id from :schema.commands o where o.handled_at < now() - keep and o.id <> in_id order by o.handled_at limit 10 for update skip locked);
  insert into :schema.commands (id, category, fingerprint) values (in_id, in_category, in_fingerprint) on conflict do nothing;
  if not found then
    return query select c.category, c.stream_id, c.stream_position, c.fingerprint from :schema.commands c where c.id = in_id;
  end if;
end $$;

revoke execute on function :schema.claim_command(text, text, interval, text) from public;
