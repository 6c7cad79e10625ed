import type { RepairReport } from '@backstory/adapter';

/** What a repair would do, of which the first streams are shown value by value. */
export interface RepairPreview {
  /** In how many streams, or parts of them, it would append what differs. */
  readonly drifts: number;
  readonly streams: number;
  /** What it can't settle. */
  readonly left: number;
  /** Rows that have no first event: a backfill gives them one. */
  readonly withoutFirstEvent: number;
  readonly first: readonly {
    readonly streamId: string;
    readonly part: string | null;
    readonly kind: string;
    /** What the stream says, and what the appended event will say: the row. */
    readonly values: readonly {
      readonly property: string;
      readonly before: string;
      readonly after: string;
    }[];
  }[];
}

const shown = 10;
const longestValue = 200;

export function repairPreview(report: RepairReport | undefined): RepairPreview {
  const { repaired = [], left = [], withoutFirstEvent = 0 } = report ?? {};
  return {
    drifts: repaired.length,
    streams: new Set(repaired.map(({ streamId }) => streamId)).size,
    left: left.length,
    withoutFirstEvent,
    first: repaired.slice(0, shown).map(({ streamId, part, kind, properties }) => ({
      streamId,
      part: part ? `${part.path}[${part.id}]` : null,
      kind,
      values: Object.entries(properties).map(([property, { row, replay }]) => ({
        property,
        before: cut(replay),
        after: cut(row),
      })),
    })),
  };
}

function cut(value: unknown): string {
  const json = JSON.stringify(value) ?? 'null';
  return json.length <= longestValue ? json : `${json.slice(0, longestValue)}…`;
}
