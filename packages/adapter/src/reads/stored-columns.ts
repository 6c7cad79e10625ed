import type { EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { columnName, storedName } from '../entities/index.js';
import { resultColumns } from './result-columns.js';
import type { Alias, Select } from './row-identity.js';

type Names = ReadonlyMap<string, string>;

/** By alias, of entities that are selected whole: asked for with every read. */
const known = new WeakMap<EntityMetadata, Map<string, Names>>();
/** Of aliases that an application makes up as it goes, the newer ones are looked at each time. */
const maxKnown = 1_000;

/**
 * How the columns of one alias are called in a query's raw result, of those whose values come from the table as they are.
 * An expression that the query selects under such a name, TypeORM's way to fill a property, keeps its own value.
 */
export function storedColumns(
  alias: Alias,
  selects: readonly Select[],
  maxLength: number | undefined,
): Names {
  const { name, metadata } = alias;
  const areWhole = selects.every(
    ({ selection, aliasName }) => aliasName === undefined && /^\w+$/.test(selection),
  );
  if (!areWhole || selects.every(({ selection }) => selection !== name))
    return selectedColumns(alias, selects, maxLength);
  let byAlias = known.get(metadata);
  if (!byAlias) known.set(metadata, (byAlias = new Map<string, Names>()));
  let names = byAlias.get(name);
  if (!names) {
    names = selectedColumns(alias, [{ selection: name }], maxLength);
    if (byAlias.size < maxKnown) byAlias.set(name, names);
  }
  return names;
}

function selectedColumns(
  alias: Alias,
  selects: readonly Select[],
  maxLength: number | undefined,
): Map<string, string> {
  const { name, metadata } = alias;
  const selectionOf = (column: ColumnMetadata): string => `${name}.${column.propertyPath}`;
  const names = resultColumns(name, metadata, maxLength);
  const isWhole = selects.some(({ selection }) => selection === name);
  const selected = new Set(selects.map(({ selection }) => selection));
  const isPartial = metadata.columns.some((column) => selected.has(selectionOf(column)));
  const stored = metadata.columns.filter((column) => {
    const isSelected =
      (isWhole && column.isSelect) ||
      selected.has(selectionOf(column)) ||
      // TypeORM adds the key to what is selected of an entity
      (column.isPrimary && (isWhole || isPartial));
    const resultName = names.get(columnName(column)) as string;
    return (
      isSelected &&
      // PostgreSQL cuts it at bytes, where TypeORM has counted characters: neither TypeORM nor anybody else finds it under its name
      resultName === storedName(resultName) &&
      selects.every(
        (select) => select.selection === selectionOf(column) || resultNameOf(select) !== resultName,
      )
    );
  });
  return new Map(stored.map(columnName).map((column) => [column, names.get(column) as string]));
}

/** Also where the application has written it into the expression: `count(*) AS "p_count"`, `p.id * 10 p_tenfold`. */
function resultNameOf({ selection, aliasName }: Select): string | undefined {
  if (aliasName !== undefined) return aliasName;
  const [, quoted, plain] = /[\s)'"](?:"([^"]+)"|([a-z_][\w$]*))\s*$/i.exec(selection) ?? [];
  return quoted ?? plain?.toLowerCase();
}
