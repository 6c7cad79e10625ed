/**
 * Triggers that write a constant row into Backstory's events table for each row that changes, and nothing else: no state, no
 * patch, no look at the stream. What no capture in the same transaction can be cheaper than.
 */
export const constantEvents = `
  create sequence constant_position start 1000;
  create function write_constant_event() returns trigger language plpgsql as $$
  begin
    insert into backstory.events (category, stream_id, stream_position, change, type, data)
    select 'article', id::text, nextval('constant_position'), 'u', 'ArticleUpdated', '{"stock": 1}' from changed_rows;
    return null;
  end $$;
  create trigger write_constant_event_1 after insert on article
    referencing new table as changed_rows for each statement execute function write_constant_event();
  create trigger write_constant_event_2 after update on article
    referencing new table as changed_rows for each statement execute function write_constant_event();
  create trigger write_constant_event_3 after delete on article
    referencing old table as changed_rows for each statement execute function write_constant_event();
`;
