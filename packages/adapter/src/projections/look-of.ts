import { Projection } from './projection.js';

/** How one asks the place of a projection how far a generation (`name@2`) is; undefined where the log knows it. */
export function lookOf(
  defined: unknown,
  generation: string,
  position: string,
): (() => Promise<{ reached: boolean; at: string } | undefined>) | undefined {
  const look = defined instanceof Projection ? defined.home.look : undefined;
  const [, number] = generation.split('@');
  return look && number !== undefined ? () => look(Number(number), position) : undefined;
}
