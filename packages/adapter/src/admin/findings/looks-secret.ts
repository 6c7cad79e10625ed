import type { CaptureState } from '../../capture/index.js';
import type { EntityMapping } from '../../mapping/index.js';
import type { Finding } from '../finding.js';

/** Properties that look like secrets and of which the application says nothing: left out, or in events since before that was so. */
export function looksSecret(root: EntityMapping, states: readonly CaptureState[]): Finding[] {
  const state = states.find(({ category }) => category === root.category);
  return [root, ...root.parts].flatMap(({ entity, withheld, part }) => {
    const captured = state?.tables.find((table) => table.part === (part?.path ?? ''))?.captured;
    const inEvents = new Set(
      captured?.columns.filter(({ excluded }) => !excluded).map(({ property }) => property),
    );
    return withheld.map((property): Finding => {
      const name = `${entity}.${property}`;
      const remedy = `Say it in the options of ${entity}: exclude: ['${property}'], or include: ['${property}'] if it is none.`;
      return inEvents.has(property)
        ? {
            severity: 'hint',
            aggregate: root.category,
            problem: `${name} looks like a secret and is in events, as an earlier release has said nothing of it`,
            remedy,
          }
        : {
            severity: 'hint',
            aggregate: root.category,
            problem: `${name} is left out of events because it looks like a secret`,
            remedy,
          };
    });
  });
}
