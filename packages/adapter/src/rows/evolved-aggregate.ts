import type { DataSource } from 'typeorm';
import type { EntityMapping } from '../mapping/index.js';
import type { AggregateRow, AggregateRows } from './aggregate-row.js';
import type { RowsOfAggregate } from './aggregate-rows.js';
import { changedColumns, persistedValues } from './persisted-values.js';
import { refusedChange } from './refused-change.js';
import { requireWritable } from './require-writable.js';
import type { RowChange } from './row-change.js';
import { stepsOf, type EvolvedStep } from './steps-of.js';

/** What the events of a command make of an aggregate. */
export interface EvolvedAggregate {
  readonly entity: object;
  /** Whether the last event ends it. */
  readonly ends: boolean;
  /** Of root and parts, each behind what it is part of. A root that is created is added. */
  readonly changes: readonly RowChange[];
  /** One for each event. */
  readonly steps: readonly EvolvedStep[];
}

/** An event of a command: its type, and what it does. */
export interface Evolver {
  readonly type: string;
  /** @returns the next entity; undefined where the event ends it */
  readonly evolve: (entity: object) => object | undefined;
}

/**
 * Lets events change an aggregate, one after the other, and looks at what each has changed. `start` is what an instance of the same state, which nobody
 * touches, would be written with.
 * @throws BackstoryError COMMAND_REFUSED for a change that can't be written, which names it
 */
export function evolvedAggregate(
  dataSource: DataSource,
  mapping: EntityMapping,
  start: AggregateRows,
  { entity, rows: look }: { readonly entity: object; readonly rows: RowsOfAggregate },
  evolvers: readonly Evolver[],
): EvolvedAggregate {
  const states: AggregateRows[] = [start];
  let current = entity;
  for (const [index, { type, evolve }] of evolvers.entries()) {
    const next = evolve(current);
    if (next === undefined) {
      const behind = evolvers[index + 1];
      if (behind)
        throw refusedChange(
          mapping,
          `is asked for ${behind.type} behind ${type}, which ends it`,
          'Let the event that ends the entity be the last one of the command.',
        );
      const nothing = evolvers.map((): EvolvedStep => ({ names: [], meanwhile: [], parts: [] }));
      return { entity: current, ends: true, changes: [], steps: nothing };
    }
    current = next;
    const before = states.at(-1) ?? start;
    const after = look.of(current);
    for (const row of after.values()) requireChanges(dataSource, mapping, type, start, before, row);
    states.push(after);
  }
  const changes = changesOf(start, states.at(-1) ?? start);
  return { entity: current, ends: false, changes, steps: stepsOf(states, changes) };
}

function requireChanges(
  dataSource: DataSource,
  mapping: EntityMapping,
  type: string,
  start: AggregateRows,
  states: AggregateRows,
  row: AggregateRow,
): void {
  const known = states.get(row.place) ?? start.get(row.place);
  if (row.isJoin) {
    for (const column of known ? changedColumns(known.values, row.values) : [])
      if (known?.values.has(column) && row.values.has(column))
        requireWritable(mapping, type, row, column, 'updated');
    return;
  }
  const values = known?.values ?? persistedValues(dataSource, row.metadata, row.metadata.create() as object);
  const change = row.id === undefined ? 'created' : 'updated';
  for (const column of changedColumns(values, row.values)) {
    // what a new one hasn't, its table gives
    if (!known && !row.values.has(column)) continue;
    requireWritable(mapping, type, row, column, change);
  }
}

function changesOf(start: AggregateRows, end: AggregateRows): RowChange[] {
  const gone = [...start.values()].filter(({ place }) => !end.has(place));
  const changes = [...end.values()].flatMap((row): RowChange[] => {
    const before = start.get(row.place);
    // a new row is written whole
    if (!before || row.id === undefined)
      return [{ kind: 'added', row, columns: row.isJoin ? [] : [...row.values.keys()] }];
    const columns = row.isJoin ? [] : changedColumns(before.values, row.values);
    return columns.length > 0 ? [{ kind: 'changed', row, columns }] : [];
  });
  return [...changes, ...gone.map((row): RowChange => ({ kind: 'removed', row, columns: [] }))];
}
