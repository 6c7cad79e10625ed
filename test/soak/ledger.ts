import type { DataSource } from 'typeorm';
import { canonical, leaves } from './unique-values.js';
import type { ColumnShape, EntityShape } from './release.js';

/** A row that the application knows of. */
export interface Row {
  readonly id: string | number;
  readonly entity: string;
  readonly parent?: Row;
  /** Of all instances, and never deleted; else of the one writer that has made it. */
  readonly shared: boolean;
  gone?: boolean;
}

export function isGone(row: Row): boolean {
  return row.gone === true || (row.parent !== undefined && isGone(row.parent));
}

/** A value on its way into the tables: counts when its transaction is committed. */
export interface Note {
  readonly entity: string;
  readonly id: string | number;
  readonly property: string;
  readonly release: number;
  readonly values: readonly string[];
}

/** What the application has committed, as its writers know it: kept beside the database, and without Backstory. */
export class Ledger {
  readonly shared: Row[] = [];
  private readonly notes: Note[] = [];

  get count(): number {
    return this.notes.length;
  }

  add(notes: readonly Note[]): void {
    this.notes.push(...notes);
  }

  /** Committed values that no event has. */
  async lost(dataSource: DataSource): Promise<string[]> {
    const events: { data: unknown; origin: string | null }[] = await dataSource.query(
      `select data, metadata::jsonb ->> 'origin' as origin from backstory.all_events`,
    );
    const all = new Set<string>();
    for (const { data } of events) for (const leaf of leaves(data)) all.add(leaf);
    return this.notes
      .filter(({ values }) => values.some((value) => !all.has(value)))
      .map(
        ({ entity, id, property, release, values }) =>
          `${entity} ${id}: ${property} = ${values.join()}, written by release ${release}`,
      );
  }

  /** Values that an event gives to what has them already: captured twice, where the application has written once. */
  async doubled(dataSource: DataSource): Promise<string[]> {
    const events: { stream: string; event: string; ends: boolean; repairs: boolean; data: unknown }[] =
      await dataSource.query(
        `select category || '-' || stream_id as stream, stream_position || ' ' || type as event, change = 'd' as ends,
           metadata::jsonb ->> 'origin' is not null as repairs, data
         from backstory.all_events order by category, stream_id, stream_position`,
      );
    const noted = new Set(this.notes.flatMap(({ values }) => values));
    const last = new Map<string, { leaf: string; event: string }>();
    const doubled: string[] = [];
    for (const { stream, event, ends, repairs, data } of events) {
      if (ends) last.clear();
      for (const [path, leaf] of leavesByPath(data, stream)) {
        const before = last.get(path);
        if (before?.leaf === leaf && noted.has(leaf) && !repairs)
          doubled.push(`${path} = ${leaf} in ${before.event} and in ${event}`);
        last.set(path, { leaf, event });
      }
    }
    return doubled;
  }
}

function leavesByPath(value: unknown, path: string): [string, string][] {
  if (typeof value !== 'object' || value === null) return [[path, canonical(value)]];
  return Object.entries(value).flatMap(([key, inner]) => leavesByPath(inner, `${path}.${key}`));
}

export function note(
  { key: entity }: EntityShape,
  id: string | number,
  { property, type }: ColumnShape,
  value: unknown,
  release: number,
): Note[] {
  // There are only two booleans: which one was meant can't be told.
  if (type === 'boolean' || value === null) return [];
  const values = leaves(value).filter((leaf) => leaf !== 'true');
  return [{ entity, id, property, release, values }];
}
