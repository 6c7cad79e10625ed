import type { EntityMapping } from '../mapping/index.js';
import { type Stage, stages } from '../stages/index.js';

/** One line for the log of a start: `Captures 5 aggregates in schema "backstory": customer, order in replay, …`. */
export function startInWords(
  schema: string,
  mappings: readonly EntityMapping[],
  stageOf: (category: string) => Stage,
): string {
  const named = stages.flatMap((stage) => {
    const of = mappings.filter(({ category }) => stageOf(category) === stage).map(({ knownAs }) => knownAs);
    return of.length === 0 ? [] : [`${of.sort().join(', ')} ${stage === 'off' ? stage : `in ${stage}`}`];
  });
  const captured = mappings.filter(({ category }) => stageOf(category) !== 'off').length;
  const count = `${captured} ${captured === 1 ? 'aggregate' : 'aggregates'}`;
  return `Captures ${count} in schema "${schema}"${named.length > 0 ? `: ${named.join('; ')}` : ''}`;
}
