import type { OpenPlace } from '../outbox/index.js';

/** Where the tables of a projection are, and what is done with them there. */
export interface ProjectionHome {
  /** As people call it: `mariadb reporting`; null in the log's database. */
  readonly place: string | null;
  tables(generation: number): Record<string, string>;
  /** Before a consumer starts: what has to be there for it. */
  prepare(generation: number): Promise<void>;
  /** Of its workers, unless they have it by themselves. */
  openPlace(generation: number): OpenPlace | undefined;
  /** Makes the next generation the live one, when it has caught up. */
  switchOver(generation: number): Promise<boolean>;
  /** What is left of a generation that was the live one. */
  drop(generation: number): Promise<void>;
  /** Whether a generation has come to a position; undefined where the log knows it. */
  readonly look?: (
    generation: number,
    position: string,
  ) => Promise<{ reached: boolean; at: string } | undefined>;
}
