import type { RestorationReport, ShownValue } from '@backstory/adapter';

/** A value that differs: null on a side where there is none. */
interface RestoredValue {
  readonly property: string;
  readonly before: ShownValue | null;
  readonly after: ShownValue | null;
}

/** What a restore has written or would write, with long values cut. */
export interface RestorePreview {
  /** Of the stream's last event, as the restore has seen it. */
  readonly version: number;
  readonly restoredTo: number;
  readonly values: readonly RestoredValue[];
  /** The first parts that differ. */
  readonly parts: readonly {
    readonly path: string;
    readonly id: string;
    readonly change: string;
    readonly values: readonly RestoredValue[];
  }[];
  /** How many parts differ in all. */
  readonly partsInAll: number;
  readonly notTold: readonly string[];
  /** What a trigger of the table has changed again. */
  readonly left: readonly string[];
}

const partsShown = 20;
const longestValue = 300;

export function restorePreview(report: RestorationReport): RestorePreview {
  const { version, restoredTo, changes, parts, notTold, left } = report;
  return {
    version,
    restoredTo,
    values: shownValues(changes),
    parts: parts
      .slice(0, partsShown)
      .map(({ path, id, change, changes: values }) => ({ path, id, change, values: shownValues(values) })),
    partsInAll: parts.length,
    notTold,
    left: left.map(({ property }) => property),
  };
}

function shownValues(changes: RestorationReport['changes']): RestoredValue[] {
  return changes.map(({ property, before, after }) => ({
    property,
    before: shown(before),
    after: shown(after),
  }));
}

function shown(value: unknown): ShownValue | null {
  if (value === undefined) return null;
  const json = JSON.stringify(value);
  return json.length <= longestValue ? { json } : { json: json.slice(0, longestValue), length: json.length };
}
