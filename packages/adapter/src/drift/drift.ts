import { streamName } from '../event/index.js';

/**
 * How a stream's replay differs from its row.
 * `missing event`: there is a row, but no living stream. `missing row`: there is a living stream, but no row.
 * `value`: both are there and properties differ. `gap`: positions of the stream are missing, so it can't be replayed.
 * `order`: events stand in the log in another order than in their stream, so consumers have seen them that way.
 */
export type DriftKind = 'missing event' | 'missing row' | 'value' | 'gap' | 'order';

/** One stream, or one part of an aggregate in it, whose replay isn't its row. */
export interface Drift {
  readonly category: string;
  readonly streamId: string;
  /** Set when it is about a row that the aggregate owns. */
  readonly part?: { readonly path: string; readonly id: string };
  readonly kind: DriftKind;
  /** The differing properties, each with both values as they stand in JSON. */
  readonly properties: Readonly<Record<string, { readonly row: unknown; readonly replay: unknown }>>;
  /** Positions that are missing (`gap`) or out of order (`order`). */
  readonly positions?: readonly number[];
}

/** `order-42`, and a part of it: `order-42 lines[7]`. */
export function driftName({
  category,
  streamId,
  part,
}: Pick<Drift, 'category' | 'streamId' | 'part'>): string {
  return streamName(category, streamId) + (part ? ` ${part.path}[${part.id}]` : '');
}
