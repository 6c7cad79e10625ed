/** Of the relations for which a condition holds, the one that the message names, whatever quotes its language has: the longest name. */
export function namedRelation(condition: string): string {
  return `with named as (
      select c.oid, c.relname, c.relnamespace, c.oid::regclass::text as name from pg_class c
      where c.relkind in ('r', 'p', 'v', 'm', 'f') and position(c.relname in $1) > 0 and (${condition}))
    , t as (select * from named where length(relname) = (select max(length(relname)) from named))`;
}
