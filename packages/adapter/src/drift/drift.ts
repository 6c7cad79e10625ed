/**
 * How a stream's replay differs from its row.
 * `missing event`: there is a row, but no living stream. `missing row`: there is a living stream, but no row.
 * `value`: both are there and properties differ.
 */
export type DriftKind = 'missing event' | 'missing row' | 'value';

/** One stream whose replay isn't its row. */
export interface Drift {
  readonly category: string;
  readonly streamId: string;
  readonly kind: DriftKind;
  /** The differing properties, each with both values as they stand in JSON. */
  readonly properties: Readonly<Record<string, { readonly row: unknown; readonly replay: unknown }>>;
}
