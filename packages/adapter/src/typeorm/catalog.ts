import type { SqlExecutor } from '../database/index.js';

/** A column as PostgreSQL knows it. For a domain, all but `sqlType` are of the type at its bottom. */
export interface CatalogColumn {
  readonly name: string;
  readonly typeOid: number;
  readonly typeName: string;
  readonly typeKind: string;
  readonly outputFunction: string;
  readonly sqlType: string;
  readonly deterministic: boolean;
  /** pg_attribute.attgenerated: `s` stored, `v` virtual, or empty. */
  readonly generated: string;
}

export interface CatalogTable {
  readonly schema: string;
  readonly name: string;
  readonly oid: number;
  /** pg_class.relkind: `r` table, `p` partitioned table, `v` view, … */
  readonly kind: string;
  readonly columns: readonly CatalogColumn[];
  /** Columns of each unique index without condition or expression, without those that it merely includes. */
  readonly uniqueKeys: readonly (readonly string[])[];
  /** Columns of each foreign key that is checked at once. */
  readonly immediateKeys: readonly (readonly string[])[];
  /** Columns that an index begins with. */
  readonly indexed: readonly string[];
  /** Every table beneath a partitioned one. */
  readonly partitions: readonly { readonly schema: string; readonly name: string }[];
  /**
   * One statement may change the same row more than once: by triggers of the application, or by actions of several
   * foreign keys, whose changes PostgreSQL puts into the same transition tables.
   */
  readonly reentrant: boolean;
}

/** What PostgreSQL knows of the given tables; those that aren't there are left out. One query. */
export async function readCatalog(
  sql: SqlExecutor,
  tables: readonly { schema: string; name: string }[],
): Promise<CatalogTable[]> {
  return sql.execute<CatalogTable>(
    `select n.nspname as schema, c.relname as name, c.oid, c.relkind as kind,
       (select jsonb_agg(jsonb_build_object(
           'name', a.attname, 'typeOid', base.oid::bigint, 'typeName', base.typname, 'typeKind', base.typtype,
           'outputFunction', quote_ident(pn.nspname) || '.' || quote_ident(p.proname),
           'sqlType', quote_ident(tn.nspname) || '.' || quote_ident(t.typname),
           'deterministic', coalesce(l.collisdeterministic, true),
           'generated', a.attgenerated) order by a.attnum)
        from pg_attribute a join pg_type t on t.oid = a.atttypid join pg_namespace tn on tn.oid = t.typnamespace
        cross join lateral (
          with recursive beneath as (
            select t.oid, t.typname, t.typtype, t.typbasetype, t.typoutput
            union all
            select u.oid, u.typname, u.typtype, u.typbasetype, u.typoutput
            from beneath b join pg_type u on u.oid = b.typbasetype)
          select * from beneath where typbasetype = 0) base
        join pg_proc p on p.oid = base.typoutput join pg_namespace pn on pn.oid = p.pronamespace
        left join pg_collation l on l.oid = a.attcollation
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
       coalesce((select jsonb_agg((select jsonb_agg(a.attname) from pg_attribute a
                                   where a.attrelid = c.oid and a.attnum = any ((i.indkey::int2[])[0:i.indnkeyatts - 1])))
        from pg_index i where i.indrelid = c.oid and i.indisunique and i.indisvalid
          and i.indpred is null and i.indexprs is null), '[]') as "uniqueKeys",
       coalesce((select jsonb_agg((select jsonb_agg(a.attname) from pg_attribute a
                                   where a.attrelid = c.oid and a.attnum = any (f.conkey)))
        from pg_constraint f where f.conrelid = c.oid and f.contype = 'f' and not f.condeferrable), '[]') as "immediateKeys",
       coalesce((select jsonb_agg(a.attname) from pg_index i join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
        where i.indrelid = c.oid and i.indisvalid and i.indpred is null), '[]') as indexed,
       coalesce((select jsonb_agg(jsonb_build_object('schema', bn.nspname, 'name', b.relname) order by bn.nspname, b.relname)
        from pg_partition_tree(c.oid) p join pg_class b on b.oid = p.relid join pg_namespace bn on bn.oid = b.relnamespace
        where p.relid <> c.oid), '[]') as partitions,
       exists (
         select from pg_trigger g
         where g.tgrelid = c.oid and not g.tgisinternal and g.tgname not like '00\\_backstory\\_%'
           and g.tgtype & 1 = 1 and g.tgtype & 66 = 0)
         or exists (select from pg_constraint f where f.conrelid = c.oid and f.confupdtype in ('c', 'n', 'd'))
         or (select count(*) > 1 and bool_or(f.confdeltype in ('n', 'd')) from pg_constraint f
             where f.conrelid = c.oid and f.confdeltype in ('c', 'n', 'd')) as reentrant
     from unnest($1::text[], $2::text[]) as wanted (schema, name)
     join pg_namespace n on n.nspname = wanted.schema
     join pg_class c on c.relnamespace = n.oid and c.relname = wanted.name`,
    [tables.map(({ schema }) => schema), tables.map(({ name }) => name)],
  );
}
