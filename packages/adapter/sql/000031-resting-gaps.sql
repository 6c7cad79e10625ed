-- Gaps that wait for transactions which stay open don't change from page to page, and there may be very many: they stand apart from those
-- that each page writes anew. They count only where "gaps" begins with ["resting", their name, the ids of all transactions that may fill
-- them], so that whoever sets "gaps" to something else sets the whole. A release that doesn't know of them can't read that element, and stops there.
alter table :schema.consumers add column resting_gaps jsonb not null default '[]';

create function :schema.gaps_of(in_gaps jsonb, in_resting jsonb) returns table (first bigint, last bigint) language sql immutable as $$
  select (g->>0)::bigint, (g->>1)::bigint
  from jsonb_array_elements(case when in_gaps->0->>0 = 'resting' then (in_gaps - 0) || in_resting else in_gaps end) g
$$;

-- Whether the snapshot of this query sees all of these transactions at work.
create function :schema.are_at_work(in_ids text) returns boolean language sql stable as $$
  select string_to_array(in_ids, ',') <@ array(select pg_snapshot_xip(pg_current_snapshot())::text)
$$;

-- As gaps_of, without those that rest for transactions which the snapshot of this query sees at work: nothing in these can be visible to it.
create function :schema.fillable_gaps_of(in_gaps jsonb, in_resting jsonb) returns table (first bigint, last bigint) language sql stable as $$
  select f.first, f.last from :schema.gaps_of(
    case when in_gaps->0->>0 = 'resting' and :schema.are_at_work(in_gaps->0->>2) then in_gaps - 0 else in_gaps end, in_resting) f
$$;
