import type { EntityManager } from 'typeorm';
import type { CommandedAggregate, DecidedChange } from './command-decision.js';
import { notWritten } from './command-refusals.js';
import type { EventData } from '../event/index.js';
import { type EntityMapping, type PartMapping, settledState } from '../mapping/index.js';
import type { AggregateState } from '../replay/index.js';
import {
  type AggregateRow,
  deleteRows,
  insertRow,
  type RowChange,
  updateRow,
  type WrittenValues,
} from '../rows/index.js';

/** One row of an aggregate: the path of its table, empty for the root, and its id there. */
export interface RowPlace {
  readonly path: string;
  readonly id: string;
}

/** What the statements of a command have done to the rows of an aggregate with parts. */
export interface WrittenRows {
  /** Of the root. */
  readonly streamId: string;
  /** Ids of rows that were added, by their places. */
  readonly ids: ReadonlyMap<string, string>;
  readonly added: readonly RowPlace[];
  readonly changed: readonly (RowPlace & { readonly before: EventData; readonly after: WrittenValues })[];
  readonly removed: readonly RowPlace[];
  /** Of an aggregate that ends: how many rows of each table. */
  readonly ended: ReadonlyMap<string, number>;
}

/** Where rows of an aggregate are written. `state` is what it was; undefined of one that is created. */
export interface WrittenAggregate extends CommandedAggregate {
  readonly manager: EntityManager;
  readonly streamId: string | undefined;
  readonly state: AggregateState | undefined;
}

/**
 * Writes rows of an aggregate with parts: the root, then what is taken away from beneath upwards, then what is changed, then what is added from the root
 * downwards.
 * @throws BackstoryError COMMAND_REFUSED where a row isn't written
 */
export async function writeRows(
  target: WrittenAggregate,
  { evolved: { changes, ends } }: Pick<DecidedChange, 'evolved'>,
): Promise<WrittenRows> {
  const { manager, schema, mapping, state } = target;
  if (ends) return endRows(target);
  const ids = new Map<string, string>();
  const keys = new Map<string, ReadonlyMap<string, string>>();
  const added: RowPlace[] = [];
  const changed: WrittenRows['changed'][number][] = [];
  const nameOf = target.streamId ?? 'new';

  const add = async ({ row, columns }: RowChange): Promise<void> => {
    const owner = row.parent && (keys.get(row.parent.place) ?? keyTexts(row.parent, row.mapping, state));
    const referenced = mapping.parts.filter(({ part }) => part.parent === row.mapping);
    const inserted = await insertRow(manager, schema, {
      row,
      columns,
      owner,
      referenced: [...new Set(referenced.flatMap(({ part }) => part.referenced))],
    });
    if (!inserted) throw notWritten(mapping, nameOf, 'inserted', row.mapping.part?.path);
    ids.set(row.place, inserted.id);
    keys.set(row.place, inserted.key);
    added.push({ path: pathOf(row), id: inserted.id });
  };
  const change = async ({ row, columns }: RowChange): Promise<void> => {
    const path = pathOf(row);
    const id = row.id === '' ? (target.streamId ?? '') : (row.id ?? '');
    const after = await updateRow(manager, schema, row, id, columns);
    if (!after) throw notWritten(mapping, nameOf, 'changed', path);
    changed.push({ path, id: row.id ?? '', before: stateOf(row, state), after });
  };

  const [ofRoot, ofParts] = [changes, changes].map((all, index) =>
    all.filter(({ row }) => (row.place === '') === (index === 0)),
  ) as [RowChange[], RowChange[]];
  for (const each of ofRoot) await (each.kind === 'added' ? add(each) : change(each));
  const gone = ofParts.flatMap(({ kind, row }) => (kind === 'removed' && row.id !== undefined ? [row] : []));
  const removed = gone.flatMap((row) => [
    { path: pathOf(row), id: row.id ?? '' },
    ...rowsBeneath(mapping, state, pathOf(row), row.id ?? ''),
  ]);
  const unique = [...new Map(removed.map((place) => [`${place.path}\0${place.id}`, place])).values()];
  for (const part of [...mapping.parts].reverse()) {
    const rows = unique.filter(({ path }) => path === part.part.path).map(({ id }) => id);
    if (rows.length > 0 && (await deleteRows(manager, part, { ids: rows })) < rows.length)
      throw notWritten(mapping, nameOf, 'deleted', part.part.path);
  }
  for (const each of ofParts) if (each.kind === 'changed') await change(each);
  for (const each of ofParts) if (each.kind === 'added') await add(each);
  return {
    streamId: target.streamId ?? ids.get('') ?? '',
    ids,
    added,
    changed,
    removed: unique,
    ended: new Map(),
  };
}

async function endRows({ manager, mapping, streamId = '' }: WrittenAggregate): Promise<WrittenRows> {
  const ended = new Map<string, number>();
  for (const part of [...mapping.parts].reverse())
    ended.set(part.part.path, await deleteRows(manager, part, { root: streamId }));
  if ((await deleteRows(manager, mapping, { root: streamId })) === 0)
    throw notWritten(mapping, streamId, 'deleted');
  return { streamId, ids: new Map(), added: [], changed: [], removed: [], ended };
}

/** The rows that are beneath one, also those that no instance shows since they are soft-deleted. */
export function rowsBeneath(
  mapping: EntityMapping,
  state: AggregateState | undefined,
  path: string,
  id: string,
): RowPlace[] {
  const above = mapping.parts.find(({ part }) => part.path === path);
  const row = state?.parts.get(path)?.get(id);
  if (!above || !row) return [];
  return mapping.parts
    .filter(({ part }) => part.parent === above)
    .flatMap((part) =>
      [...(state?.parts.get(part.part.path) ?? [])]
        .filter(([, of]) => isPartOf(part, of, row))
        .flatMap(([each]) => [
          { path: part.part.path, id: each },
          ...rowsBeneath(mapping, state, part.part.path, each),
        ]),
    );
}

function isPartOf(mapping: PartMapping, row: EventData, parent: EventData): boolean {
  const { columns, referenced, parent: above } = mapping.part;
  return columns.every(
    (column, index) => textOf(mapping, row, column) === textOf(above, parent, referenced[index] as string),
  );
}

function pathOf({ mapping: { part } }: AggregateRow): string {
  return part?.path ?? '';
}

function stateOf({ mapping, id }: AggregateRow, state: AggregateState | undefined): EventData {
  const found = mapping.part ? state?.parts.get(mapping.part.path)?.get(id ?? '') : state?.root;
  return settledState(mapping, found ?? {});
}

/** Of a row that is there: the columns that rows of a table beneath it refer to. */
function keyTexts(
  row: AggregateRow,
  { part }: EntityMapping,
  state: AggregateState | undefined,
): ReadonlyMap<string, string> {
  const values = stateOf(row, state);
  return new Map((part?.referenced ?? []).map((name) => [name, textOf(row.mapping, values, name)]));
}

function textOf({ columns }: EntityMapping, state: EventData, column: string): string {
  const value = state[columns.find((each) => each.column === column)?.property ?? ''];
  return typeof value === 'string' ? value : JSON.stringify(value);
}
