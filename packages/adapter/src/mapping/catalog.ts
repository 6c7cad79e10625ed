import type { SqlExecutor } from '../database/index.js';

/** A column as PostgreSQL knows it. For a domain, all but `sqlType` and `declaredType` are of the type at its bottom. */
export interface CatalogColumn {
  /** pg_attribute.attnum, which a rename doesn't change. */
  readonly number: number;
  readonly name: string;
  readonly typeOid: number;
  /** Of a type that isn't PostgreSQL's own with its schema: it may have the name of one that is. */
  readonly typeName: string;
  readonly typeKind: string;
  readonly outputFunction: string;
  readonly sqlType: string;
  /** `sqlType` with the column's modifier. */
  readonly declaredType: string;
  readonly deterministic: boolean;
  /** pg_attribute.attgenerated: `s` stored, `v` virtual, or empty. */
  readonly generated: string;
}

/** A partition of a table, or one that INHERITS from it. */
export interface TableBeneath {
  readonly schema: string;
  readonly name: string;
  readonly oid: number;
  /** PostgreSQL itself puts row triggers of a partitioned table on its partitions, but not on tables that inherit. */
  readonly partition: boolean;
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
  /** Every table beneath it, at any depth. */
  readonly partitions: readonly TableBeneath[];
  /**
   * One statement may change the same row more than once: by triggers of the application for each row, or for each statement
   * where their names let them fire before ours, or by actions of several foreign keys, whose changes PostgreSQL puts into the
   * same transition tables. Or such a table lacks values: those of generated columns, where the columns of a partition have
   * other numbers than those of its parent. Or a statement may change its rows without naming it or a table beneath it: it is
   * itself a partition, or inherits, and for a statement that names the table above only triggers for each row fire here.
   */
  readonly reentrant: boolean;
}

/**
 * The modifier of the column behind `a`, whose type is behind `t`, as a type's qualified name takes it: `(10,2)`, also where
 * it stands in the middle of the name in SQL's own words, as in `timestamp(3) with time zone`. Of an interval it is fields
 * and precision, as two numbers.
 */
const modifierSql = `case
             when a.atttypmod = -1 then ''
             when t.typname in ('interval', '_interval') then '(' || (a.atttypmod >> 16 & 32767) ||
               case when a.atttypmod & 65535 = 65535 then '' else ',' || (a.atttypmod & 65535) end || ')'
             else coalesce(substring(format_type(a.atttypid, a.atttypmod) from '[(][^()"]*[)]'), '') end`;

/** What PostgreSQL knows of the tables with these names; those that aren't there are left out. One query. */
export function readCatalog(
  sql: SqlExecutor,
  tables: readonly { schema: string; name: string }[],
): Promise<CatalogTable[]> {
  return sql.execute<CatalogTable>(
    `${describedTable}
     from unnest($1::text[], $2::text[]) as wanted (schema, name)
     join pg_namespace n on n.nspname = wanted.schema
     join pg_class c on c.relnamespace = n.oid and c.relname = wanted.name
     ${tree}`,
    [tables.map(({ schema }) => schema), tables.map(({ name }) => name)],
  );
}

/** The same of tables that are known by their oids. */
export function readCatalogOf(sql: SqlExecutor, oids: readonly number[]): Promise<CatalogTable[]> {
  return sql.execute<CatalogTable>(
    `${describedTable}
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     ${tree} where c.oid = any ($1::oid[])`,
    [oids],
  );
}

const typeNameSql = `(
             select case when b.typnamespace = 'pg_catalog'::regnamespace then b.typname::text
                         else concat(b.typnamespace::regnamespace, '.', b.typname) end
             from pg_type b where b.oid = base.oid)`;

const describedTable = `select n.nspname as schema, c.relname as name, c.oid, c.relkind as kind,
       (select jsonb_agg(jsonb_build_object(
           'number', a.attnum, 'name', a.attname, 'typeOid', base.oid::bigint, 'typeName', ${typeNameSql}, 'typeKind', base.typtype,
           'outputFunction', quote_ident(pn.nspname) || '.' || quote_ident(p.proname),
           'sqlType', quote_ident(tn.nspname) || '.' || quote_ident(t.typname),
           'declaredType', quote_ident(tn.nspname) || '.' || quote_ident(t.typname) || ${modifierSql},
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
       coalesce((select jsonb_agg(jsonb_build_object('schema', bn.nspname, 'name', b.relname, 'oid', b.oid::bigint, 'partition', b.relispartition)
                                  order by bn.nspname, b.relname)
        from pg_class b join pg_namespace bn on bn.oid = b.relnamespace
        where b.oid = any (tree.oids) and b.oid <> c.oid and b.relkind in ('r', 'p')), '[]') as partitions,
       exists (
         select from pg_trigger g
         where g.tgrelid = any (tree.oids) and not g.tgisinternal and g.tgname not like '00\\_backstory\\_%'
           and g.tgtype & 66 = 0 and (g.tgtype & 1 = 1 or g.tgname < '00_backstory_'))
         or exists (select from pg_constraint f where f.conrelid = any (tree.oids) and f.confupdtype in ('c', 'n', 'd'))
         or exists (
           select from pg_constraint f where f.conrelid = any (tree.oids) and f.confdeltype in ('c', 'n', 'd')
           group by f.conrelid having count(*) > 1 and bool_or(f.confdeltype in ('n', 'd')))
         or exists (
           select from pg_inherits i where i.inhrelid = any (tree.oids) and i.inhparent <> all (tree.oids))
         or c.relkind = 'p' and exists (
           select from pg_attribute a where a.attrelid = c.oid and a.attgenerated = 's' and not a.attisdropped)
           and exists (
             select from pg_class b
             where b.oid = any (tree.oids) and (b.relnatts <> c.relnatts or exists (
               select from pg_attribute a join pg_attribute o on o.attrelid = b.oid and o.attname = a.attname
               where a.attrelid = c.oid and a.attnum > 0 and o.attnum <> a.attnum))) as reentrant`;

/** The table and everything beneath it: partitions and their partitions, and tables that INHERIT from it. */
const tree = `cross join lateral (
       with recursive beneath as (
         select c.oid union select i.inhrelid from beneath b join pg_inherits i on i.inhparent = b.oid)
       select array_agg(oid) as oids from beneath) tree`;
