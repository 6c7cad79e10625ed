/**
 * Where an aggregate stands: `off` nothing happens; `capture` every change writes an event; `shadow` reads are
 * also replayed and compared, the row is returned; `replay` reads return the replayed state.
 */
export type Stage = 'off' | 'capture' | 'shadow' | 'replay';

export const stages: readonly Stage[] = ['off', 'capture', 'shadow', 'replay'];

export function isStage(name: string): name is Stage {
  return (stages as readonly string[]).includes(name);
}
