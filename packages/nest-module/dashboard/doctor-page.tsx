import type { FindingAnswer } from './answers.js';
import { address } from './api.js';
import { linkTo } from './route.js';
import { Trouble } from './trouble.js';
import { usePolled } from './use-polled.js';

const groups = [
  { severity: 'fault', title: 'Faults', meaning: 'Events are lost or wrong, or will be.' },
  { severity: 'hint', title: 'Hints', meaning: 'On purpose, perhaps.' },
] as const;

/** Every difference between entities, tables and triggers, with what mends it. */
export function DoctorPage() {
  const polled = usePolled<FindingAnswer[]>(address('doctor'), 5_000);
  const { body } = polled;
  return (
    <>
      <h1 tabIndex={-1}>Doctor</h1>
      <p class="description">Compares entities, tables and triggers, every five seconds.</p>
      <Trouble polled={polled} />
      {body?.length === 0 && <p class="all-well">All is well: nothing differs.</p>}
      {groups.map(({ severity, title, meaning }) => {
        const findings = body?.filter((finding) => finding.severity === severity) ?? [];
        if (findings.length === 0) return null;
        return (
          <section key={severity} aria-labelledby={severity}>
            <h2 id={severity}>
              {title} <span class="muted">{findings.length}</span>
            </h2>
            <p class="muted">{meaning}</p>
            <ul class={`findings ${severity}`}>
              {findings.map(({ aggregate, problem, remedy }) => (
                <li key={`${aggregate} ${problem}`}>
                  {aggregate !== undefined && <a href={linkTo('aggregate', aggregate)}>{aggregate}</a>}
                  <p>{problem}</p>
                  <code>{remedy}</code>
                </li>
              ))}
            </ul>
          </section>
        );
      })}
    </>
  );
}
