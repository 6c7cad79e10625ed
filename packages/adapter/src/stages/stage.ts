/**
 * Where an aggregate stands: `off` nothing happens; `capture` every change writes an event; `shadow` reads are
 * also replayed and compared, the row is returned; `replay` reads return the replayed state; `events` as in replay, and commands
 * are the way to write.
 */
export type Stage = 'off' | 'capture' | 'shadow' | 'replay' | 'events';

export const stages: readonly Stage[] = ['off', 'capture', 'shadow', 'replay', 'events'];

export function isStage(name: string): name is Stage {
  return (stages as readonly string[]).includes(name);
}

/** Whether reads are replayed or compared. */
export function isReadFromEvents(stage: Stage): boolean {
  return stages.indexOf(stage) >= stages.indexOf('shadow');
}

/** Whether reads are replayed, some of them at least. */
export function isReplayed(stage: Stage): boolean {
  return stages.indexOf(stage) >= stages.indexOf('replay');
}
