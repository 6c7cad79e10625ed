import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import type { ColumnMapping, EntityMapping } from '../mapping/index.js';
import type { AggregateRow, AggregateRows } from './aggregate-row.js';
import { columnName } from '../entities/index.js';
import { changedColumns } from './persisted-values.js';
import type { RowChange } from './row-change.js';

/** What one event has changed of a row. */
interface ChangedProperties {
  /** Properties that the row has another value of in the end, as events name them. */
  readonly names: readonly string[];
  /** Of those that a later event changes again, what they were meanwhile, as the driver takes it. */
  readonly meanwhile: readonly {
    readonly column: ColumnMapping;
    readonly name: string;
    readonly value: unknown;
  }[];
}

/** What one event has changed: properties of the root, and parts. */
export interface EvolvedStep extends ChangedProperties {
  readonly parts: readonly EvolvedPart[];
}

export interface EvolvedPart extends ChangedProperties {
  readonly row: AggregateRow;
  /** Whether the event adds it, or takes it away. */
  readonly whole: boolean;
}

/**
 * Which event has changed what, of what is changed in the end. Version, update date and what PostgreSQL computes go with the last event that changes
 * something of the row.
 */
export function stepsOf(states: readonly AggregateRows[], changes: readonly RowChange[]): EvolvedStep[] {
  const ofRows = changes.map((change) => ({ change, steps: stepsOfRow(states, change) }));
  return states.slice(1).map((_, index): EvolvedStep => {
    const root = ofRows.find(({ change }) => change.row.place === '')?.steps[index];
    const parts = ofRows.flatMap(({ change: { row }, steps }) => {
      const step = steps[index];
      return row.place !== '' && step && (step.whole || step.names.length > 0) ? [{ row, ...step }] : [];
    });
    return { names: root?.names ?? [], meanwhile: root?.meanwhile ?? [], parts };
  });
}

function stepsOfRow(
  states: readonly AggregateRows[],
  { kind, row, columns }: RowChange,
): (ChangedProperties & { readonly whole: boolean })[] {
  const { mapping, place } = row;
  const pairs = states.slice(1).map((after, index) => [states[index]?.get(place), after.get(place)] as const);
  const isPart = place !== '';
  const came = pairs.findLastIndex(([before, after]) => !before && after);
  const went = pairs.findLastIndex(([before, after]) => before && !after);
  const changed = pairs.map(([before, after], index): ColumnMetadata[] => {
    if (kind === 'removed' || !after || (isPart && kind === 'added' && index <= came)) return [];
    const differing = before ? changedColumns(before.values, after.values) : columns;
    return differing.filter((column) => columns.includes(column));
  });
  const last = changed.findLastIndex((each) => each.length > 0);
  return changed.map((each, index) => {
    const whole = isPart && ((kind === 'added' && index === came) || (kind === 'removed' && index === went));
    const again = (column: ColumnMetadata): boolean =>
      changed.slice(index + 1).some((later) => later.includes(column));
    const own = index === last && kind === 'changed' ? unasked(mapping) : [];
    const named = each.flatMap((column) => mappedColumn(mapping, column) ?? []);
    return {
      whole,
      names: [...new Set([...named.map(({ property }) => property), ...own])].map((name) =>
        recordedName(mapping, name),
      ),
      meanwhile: (whole && kind === 'added' ? columns : each).flatMap((column) => {
        const of = mappedColumn(mapping, column);
        if (!of || !again(column)) return [];
        const value = pairs[index]?.[1]?.values.get(column);
        return [{ column: of, name: recordedName(mapping, of.property), value }];
      }),
    };
  });
}

/** What changes along with whatever is changed. */
function unasked({ bookkeeping, columns }: EntityMapping): string[] {
  return [...bookkeeping, ...columns.filter(({ generated }) => generated).map(({ property }) => property)];
}

function mappedColumn({ columns }: EntityMapping, column: ColumnMetadata): ColumnMapping | undefined {
  const name = columnName(column);
  return columns.find((each) => each.column === name);
}

/** What a property is called in events. */
export function recordedName({ recordedAs }: EntityMapping, property: string): string {
  return recordedAs?.get(property) ?? property;
}
