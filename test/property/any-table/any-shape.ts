import fc from 'fast-check';
import type { ShapeSeed } from './make-model.js';
import type { TableSeed } from './make-table.js';
import { type AnyWrite, writeKinds } from './write-sql.js';

/** Not made smaller: a smaller number is another table. What shrinks are the lists of columns, triggers, parts and writes. */
const choice = fc.noShrink(fc.nat());

const table = (depth: number): fc.Arbitrary<TableSeed> =>
  fc.record({
    base: choice,
    columns: fc.array(choice, { maxLength: 6 }),
    triggers: fc.oneof(
      { weight: 2, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(choice, { maxLength: 2 }) },
    ),
    parts:
      depth === 0
        ? fc.constant([])
        : fc.oneof(
            { weight: 2, arbitrary: fc.constant([]) },
            { weight: 1, arbitrary: fc.array(table(depth - 1), { maxLength: 2 }) },
          ),
  });

const shape: fc.Arbitrary<ShapeSeed> = fc.record({
  base: choice,
  roots: fc.array(table(2), { minLength: 1, maxLength: 2 }),
});

const write: fc.Arbitrary<AnyWrite> = fc.record({ kind: fc.constantFrom(...writeKinds), picks: choice });

/** One transaction, or one statement of its own where there is no `end`. */
export interface Session {
  readonly end: 'none' | 'commit' | 'rollback';
  readonly settings: number;
  /** The write in front of which a savepoint is, to which it comes back; none where that is too high. */
  readonly savepoint: number;
  readonly writes: readonly AnyWrite[];
}

const session: fc.Arbitrary<Session> = fc.record({
  end: fc.constantFrom('none', 'none', 'commit', 'commit', 'rollback'),
  settings: fc.nat(99),
  savepoint: fc.nat(8),
  writes: fc.array(write, { minLength: 1, maxLength: 4 }),
});

export interface Trial {
  readonly shape: ShapeSeed;
  /** Before capture is installed. */
  readonly before: readonly AnyWrite[];
  readonly sessions: readonly Session[];
  readonly backfillAfter: number;
  /** At once, each by a connection of its own. */
  readonly atOnce: readonly (readonly AnyWrite[])[];
}

export const anyTrial: fc.Arbitrary<Trial> = fc.record({
  shape,
  before: fc.array(write, { maxLength: 3 }),
  sessions: fc.array(session, { minLength: 1, maxLength: 16, size: 'max' }),
  backfillAfter: fc.nat(6),
  atOnce: fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    {
      weight: 1,
      arbitrary: fc.array(fc.array(write, { minLength: 1, maxLength: 4 }), { minLength: 2, maxLength: 3 }),
    },
  ),
});
