import { type EventData, markOf, ownData, type RecordedEvent } from '../event/index.js';
import type { HistoryEntryKind, PartDifference, PropertyDifference } from './history-entry.js';
import { KnownRow } from './known-row.js';
import type { AggregateReader, RowReader } from './read-values.js';

interface Found {
  readonly changes: readonly PropertyDifference[];
  readonly parts: readonly PartDifference[];
}

const nothing: Found = { changes: [], parts: [] };

/** What the events of one stream have told so far, of the root and of its parts. Folds as replays do. */
export class KnownStream {
  /** Undefined where there is none. */
  private root: KnownRow | undefined;
  private readonly parts = new Map<string, Map<string, KnownRow>>();
  private knowsAllParts = true;

  constructor(private readonly reader: AggregateReader) {}

  /** Whether all that was there before the next event is known. */
  get isKnown(): boolean {
    return this.knowsAllParts && this.root?.isWhole !== false;
  }

  /** Events are missing: whatever was known may have changed since. */
  forget(): void {
    this.root = new KnownRow(false);
    this.parts.clear();
    this.knowsAllParts = this.reader.parts.size === 0;
  }

  apply({ change, data }: RecordedEvent, kind: HistoryEntryKind, marks: ReadonlySet<string>): Found {
    if (kind === 'noted' || kind === 'erased') return nothing;
    if (kind === 'lost') {
      this.forget();
      return nothing;
    }
    const begins = change === 'created';
    if (begins && !this.isKnown) this.parts.clear();
    if (begins) this.knowsAllParts = true;
    const changes = this.applyToRoot(change, data, kind, marks);
    return { changes, parts: this.applyToParts(data, kind, marks) };
  }

  private applyToRoot(
    change: RecordedEvent['change'],
    data: EventData,
    kind: HistoryEntryKind,
    marks: ReadonlySet<string>,
  ): PropertyDifference[] {
    if (change === 'deleted') {
      const changes = this.root?.end() ?? [];
      this.root = undefined;
      return changes;
    }
    const own = this.reader.read(
      Object.fromEntries(
        Object.entries(data).filter(([property]) => property !== ownData && !this.reader.parts.has(property)),
      ),
    );
    if (change === 'updated') return this.root?.change(own, marks) ?? [];
    this.root = new KnownRow(true, this.reader.defaults);
    return this.root.begin(own, marks, kind === 'created');
  }

  private applyToParts(
    data: EventData,
    kind: HistoryEntryKind,
    marks: ReadonlySet<string>,
  ): PartDifference[] {
    const found: PartDifference[] = [];
    for (const [path, reader] of this.reader.parts) {
      const patches = Object.hasOwn(data, path) ? (data[path] as Record<string, EventData | null>) : {};
      const rows = this.parts.get(path) ?? new Map<string, KnownRow>();
      this.parts.set(path, rows);
      for (const [id, patch] of Object.entries(patches)) {
        const difference = patch
          ? this.applyPatch(rows, { path, id, reader }, patch, kind, erasedOf(path, id, patch, marks))
          : removed(rows, path, id);
        if (difference.change !== 'changed' || difference.changes.length > 0) found.push(difference);
      }
    }
    return found;
  }

  private applyPatch(
    rows: Map<string, KnownRow>,
    { path, id, reader }: { path: string; id: string; reader: RowReader },
    patch: EventData,
    kind: HistoryEntryKind,
    erased: ReadonlySet<string>,
  ): PartDifference {
    const known = rows.get(id);
    const data = reader.read(patch);
    if (known) return { path, id, change: 'changed', changes: known.change(data, erased) };
    const row = new KnownRow(this.knowsAllParts, reader.defaults);
    rows.set(id, row);
    const isAdded = this.knowsAllParts && kind !== 'first-known';
    return { path, id, change: isAdded ? 'added' : 'first-known', changes: row.begin(data, erased, isAdded) };
  }
}

function removed(rows: Map<string, KnownRow>, path: string, id: string): PartDifference {
  const changes = rows.get(id)?.end() ?? [];
  rows.delete(id);
  return { path, id, change: 'removed', changes };
}

function erasedOf(path: string, id: string, patch: EventData, marks: ReadonlySet<string>): Set<string> {
  if (marks.size === 0) return new Set();
  return new Set(Object.keys(patch).filter((property) => marks.has(markOf([path, id, property]))));
}
