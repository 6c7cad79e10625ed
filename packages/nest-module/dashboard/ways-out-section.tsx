import { commandHere } from './command-here.js';
import { useState } from 'preact/hooks';
import { count } from './amounts.js';
import type { AggregateRow } from './answers.js';
import { change } from './api.js';
import { type Decision, ReasonDialog } from './reason-dialog.js';
import { linkTo } from './route.js';
import { type Action, type Obstacle, obstacles, type Ready, ready } from './ways-out.js';

interface WaysOutProps {
  aggregates: readonly AggregateRow[];
  changes: boolean;
  refresh: () => void;
}

/** What can be done for aggregates to go on: each step and each obstacle once, however many aggregates it is about. */
export function WaysOutSection({ aggregates, changes, refresh }: WaysOutProps) {
  const [decision, setDecision] = useState<Decision | null>(null);
  const steps = ready(aggregates);
  const inTheWay = obstacles(aggregates);
  if (steps.length + inTheWay.length === 0) return null;
  const ask = (wish: Decision): void =>
    setDecision({
      ...wish,
      decide: async (reason) => {
        try {
          await wish.decide(reason);
        } finally {
          refresh();
        }
      },
    });
  return (
    <section aria-labelledby="ways">
      <h2 id="ways">What can be done next</h2>
      <ul class="ways">
        {steps.map((step) => (
          <li key={`${step.to} ${step.percent}`}>
            <p>
              <b class="ok">Ready for {stepName(step)}</b>: <Names aggregates={step.aggregates} />
            </p>
            <Step step={step} changes={changes} ask={ask} />
          </li>
        ))}
        {inTheWay.map((obstacle) => (
          <li key={`${obstacle.action} ${obstacle.reason}`}>
            <p>
              <b>Blocked: {obstacle.reason}</b>: <Names aggregates={obstacle.aggregates} />
            </p>
            <WayOut obstacle={obstacle} changes={changes} ask={ask} />
          </li>
        ))}
      </ul>
      <ReasonDialog decision={decision} onClose={() => setDecision(null)} />
    </section>
  );
}

const namesShown = 8;

function Names({ aggregates }: { aggregates: readonly AggregateRow[] }) {
  const links = aggregates.map(({ name }) => (
    <a key={name} href={linkTo('aggregate', name)}>
      {name}
    </a>
  ));
  if (links.length <= namesShown) return <span class="names">{links}</span>;
  return (
    <details class="all-names">
      <summary>{count(links.length)} aggregates</summary>
      <span class="names">{links}</span>
    </details>
  );
}

interface WayProps {
  changes: boolean;
  ask: (decision: Decision) => void;
}

function Step({ step, changes, ask }: WayProps & { step: Ready }) {
  const { to, percent, aggregates } = step;
  const names = namesOf(aggregates);
  if (!changes) {
    const share = percent === null ? '' : ` --percent ${percent}`;
    return <code>{commandHere(`npx backstory stage ${names.join(' ')} ${to}${share} --reason "…"`)}</code>;
  }
  return (
    <button
      type="button"
      class="primary"
      onClick={() =>
        ask({
          title: `Move ${those(aggregates)} to ${stepName(step)}?`,
          explanation: (
            <p>
              {names.join(', ')}. Each is asked for its conditions again; those that are refused stay where
              they are, and are named here.
            </p>
          ),
          confirm: `Move to ${to}`,
          asksReason: true,
          decide: async (reason) => {
            const wish = { aggregates: names, to, reason, ...(percent !== null && { percent }) };
            refuseSilence((await change('stages', wish)) as Moves);
          },
        })
      }
    >
      Move {those(aggregates)} to {stepName(step)}…
    </button>
  );
}

type Moves = readonly { category: string; refused: boolean; reasons: readonly string[] }[];

/** Who was refused is said in the dialog, and why. */
function refuseSilence(moves: Moves): void {
  const refused = moves.filter((move) => move.refused);
  if (refused.length === 0) return;
  const lines = refused.map(({ category, reasons }) => `${category}: ${reasons.join('; ')}`);
  throw new Error(
    [`${moves.length - refused.length} moved, ${refused.length} refused:`, ...lines].join('\n'),
  );
}

const explanations: Readonly<Record<'backfill' | 'verify', string>> = {
  backfill:
    'One after the other, in the background of this process: each row without an event gets its first one.',
  verify:
    'One after the other, in the background of this process: every row is compared with the replay of its events.',
};

const words: Readonly<Record<Exclude<Action, 'backfill' | 'verify'>, string>> = {
  repair: 'Look at the differences of each aggregate, and repair them there.',
  doctor: 'The doctor says what is broken, and what mends it:',
  stage: 'Repair and verify each, and count its shadow reads anew there.',
  wait: 'Nothing to do: reads of the application are compared while it serves.',
};

function WayOut({ obstacle: { action, aggregates }, changes, ask }: WayProps & { obstacle: Obstacle }) {
  if (action !== 'backfill' && action !== 'verify')
    return (
      <p class="muted">
        {words[action]} {action === 'doctor' && <a href={linkTo('doctor')}>Doctor</a>}
        {action === 'repair' && !changes && (
          <code>{commandHere(`npx backstory repair ${namesOf(aggregates).join(' ')}`)}</code>
        )}
      </p>
    );
  // a verify is of use once there are first events
  const due = action === 'backfill' ? aggregates : aggregates.filter((each) => isBackfilled(each));
  if (due.length === 0) return <p class="muted">After the backfill.</p>;
  const names = namesOf(due);
  if (!changes) return <code>{commandHere(`npx backstory ${action} ${names.join(' ')}`)}</code>;
  const verb = action === 'backfill' ? 'Backfill' : 'Verify';
  return (
    <button
      type="button"
      onClick={() =>
        ask({
          title: `${verb} ${those(due)}?`,
          explanation: (
            <p>
              {names.join(', ')}. {explanations[action]}
            </p>
          ),
          confirm: verb,
          asksReason: false,
          decide: () => change('work', { kind: action, aggregates: names }),
        })
      }
    >
      {verb} {those(due)}…
    </button>
  );
}

function isBackfilled({ backfill }: AggregateRow): boolean {
  return Boolean(backfill?.completedAt) && !backfill?.outdated;
}

function namesOf(aggregates: readonly AggregateRow[]): string[] {
  return aggregates.map(({ name }) => name);
}

function those(aggregates: readonly AggregateRow[]): string {
  return aggregates.length === 1 ? (aggregates[0]?.name ?? '') : `${count(aggregates.length)} aggregates`;
}

function stepName({ to, percent }: Ready): string {
  return percent === null ? to : `${to} of ${percent} %`;
}
