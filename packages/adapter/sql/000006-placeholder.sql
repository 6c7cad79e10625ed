-- Keeps the numbers without a gap until the migration of this number is there.
select 1;
