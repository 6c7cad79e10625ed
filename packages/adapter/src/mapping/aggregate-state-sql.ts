import { quoteIdentifier, quoteLiteral } from '../database/index.js';
import type { EntityMapping, PartMapping } from './entity-mapping.js';
import { belongsToSql, rootKeySql, type RowSource, tableOf } from './ownership-sql.js';
import { rowIdSql } from './row-identity-sql.js';
import { stateSql } from './row-sql.js';

/** An SQL expression, and what must be joined to the FROM clause for it. */
export interface AggregateStateSql {
  readonly state: string;
  readonly joins: string;
}

/**
 * The full states of some roots with all their parts: `{"status": …, "lines": {"7": {…}}}`. `roots` names a relation
 * with the rows of the roots. Each table of parts is read once, however many roots there are.
 */
export function aggregateStateSql(
  root: EntityMapping,
  roots: string,
  rowsOf: RowSource = tableOf,
): AggregateStateSql {
  const key = root.key.map(({ column }) => `${roots}.${quoteIdentifier(column)}`).join(', ');
  const isOfRoots = (values: readonly string[]): string =>
    `(${values.join(', ')}) in (select ${key} from ${roots})`;
  const ofParts = root.parts.map((mapping, index) => {
    const name = `backstory_part_${index}`;
    const keys = root.key.map((_, position) => `key_${position}`);
    const values = rootKeySql(mapping, 'p', rowsOf).map((value, position) => `${value} as ${keys[position]}`);
    return {
      member: `${quoteLiteral(mapping.part.path)}, coalesce(${name}.rows, '{}')`,
      join: `left join (
         select ${keys.join(', ')}, jsonb_object_agg(id, state) as rows
         from (select ${values.join(', ')}, ${rowIdSql(mapping, 'p')} as id, ${stateSql(mapping, 'p')} as state
               from ${rowsOf(mapping, (row) => belongsToSql(mapping, row, isOfRoots, rowsOf))} p) x
         group by ${keys.join(', ')}
       ) ${name} on (${keys.map((each) => `${name}.${each}`).join(', ')}) = (${key})`,
    };
  });
  const state = stateSql(root, roots);
  return {
    state:
      ofParts.length === 0
        ? state
        : `(${state}::jsonb || jsonb_build_object(${ofParts.map(({ member }) => member).join(', ')}))::json`,
    joins: ofParts.map(({ join }) => join).join('\n       '),
  };
}

/**
 * Everything beneath the part's row behind `alias`, as one jsonb object by path: with their states where they are
 * entering a stream, with null where they are leaving one. Undefined for a part with nothing beneath it.
 */
export function descendantsSql(mapping: PartMapping, alias: string, going: 'in' | 'out'): string | undefined {
  const { root, path } = mapping.part;
  const beneath = root.parts.filter(({ part }) => part.path.startsWith(`${path}.`));
  if (beneath.length === 0) return undefined;
  const members = beneath.map((part) => {
    const value = going === 'in' ? stateSql(part, 'p') : 'null::jsonb';
    return (
      `coalesce((select jsonb_build_object(${quoteLiteral(part.part.path)}, jsonb_object_agg(${rowIdSql(part, 'p')}, ${value})) ` +
      `from ${tableOf(part)} p where ${isBeneathSql(part, 'p', mapping, alias)} having count(*) > 0), '{}')`
    );
  });
  return `(${members.join(' || ')})`;
}

function isBeneathSql(
  { part }: PartMapping,
  alias: string,
  ancestor: EntityMapping,
  ancestorAlias: string,
  depth = 0,
): string {
  const columns = part.columns.map((column) => `${alias}.${quoteIdentifier(column)}`).join(', ');
  const referenced = (of: string): string =>
    part.referenced.map((column) => `${of}.${quoteIdentifier(column)}`).join(', ');
  if (part.parent === ancestor) return `(${columns}) = (${referenced(ancestorAlias)})`;
  const up = `backstory_up_${depth}`;
  const parent = part.parent as PartMapping;
  return (
    `(${columns}) in (select ${referenced(up)} from ${tableOf(parent)} ${up} ` +
    `where ${isBeneathSql(parent, up, ancestor, ancestorAlias, depth + 1)})`
  );
}
