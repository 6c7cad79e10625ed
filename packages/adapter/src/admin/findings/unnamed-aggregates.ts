import type { CaptureState } from '../../capture/index.js';
import type { EntityMapping } from '../../mapping/index.js';
import type { Finding } from '../finding.js';

/** What is captured and this application doesn't name: left behind by a release, excluded, or of another service. */
export function unnamedAggregates(
  states: readonly CaptureState[],
  named: readonly Pick<EntityMapping, 'category'>[],
): Finding[] {
  const unnamed = states.filter(
    ({ category, captured }) => captured && !named.some((each) => each.category === category),
  );
  return unnamed.map(({ category, mapping, tables }) => {
    const end = `npx backstory stage ${category} off`;
    if (typeof mapping === 'string') {
      const problem = `${mapping}, and this application doesn't name "${category}"`;
      return { severity: 'fault', aggregate: category, problem, remedy: `${end} ends its capture.` };
    }
    return {
      severity: 'hint',
      aggregate: category,
      problem: `it is captured, but this application (or its configuration) doesn't name its entity ${tables[0]?.entity ?? ''}`,
      remedy: `Leave it to the application that does. If there is none any more: ${end}`,
    };
  });
}
