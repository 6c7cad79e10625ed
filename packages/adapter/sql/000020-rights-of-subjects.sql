-- Keeps what is archived of a stream where it is, until the transaction ends: for who erases it without being the owner of the archive.
create function :schema.hold_archived_stream(in_category text, in_stream_id text) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform from :schema.archived_streams where category = in_category collate "C" and stream_id = in_stream_id collate "C" for update;
end $$;

revoke execute on function :schema.hold_archived_stream(text, text) from public;

-- Whether anything was ever encrypted for a subject: nothing of whom.
create function :schema.has_subject_keys() returns boolean
  language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select exists (select from :schema.subject_keys)
$$;

revoke execute on function :schema.has_subject_keys() from public;
