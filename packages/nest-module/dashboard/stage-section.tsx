import { useState } from 'preact/hooks';
import type { AggregateAnswer, StageName } from './answers.js';
import { change } from './api.js';
import { Command } from './command.js';
import type { Decision } from './reason-dialog.js';
import { stageOrder } from './stage-order.js';

const meaning: Record<StageName, string> = {
  off: 'Nothing is captured: the triggers are taken away. What was off has to be backfilled and verified again.',
  capture: 'Every change writes an event, in its transaction. Reads come from the table.',
  shadow: 'Reads come from the table, and are compared with their replay in the background.',
  replay:
    'Reads are replayed from the events, for all streams or for a share of them; the others are compared as in shadow.',
  events:
    'Commands are the way to write, and what is written without one is counted below. Reads are replayed. Others write on, unless the command line has them refused.',
};

const conditions: Record<StageName, string> = {
  off: '',
  capture: 'Nothing has to be done before: the triggers are made first.',
  shadow: 'It takes a complete backfill, and a clean verify since capture began.',
  replay: 'It takes a complete backfill, a clean verify, and enough shadow reads, all without drift.',
  events: 'It takes replay of all streams, and a clean verify since.',
};

interface StageSectionProps {
  aggregate: AggregateAnswer;
  changes: boolean;
  ask: (decision: Decision) => void;
}

/** The next step and what stands against it, and the ways back. */
export function StageSection({ aggregate, changes, ask }: StageSectionProps) {
  const { step, name, status } = aggregate;
  const move = (to: StageName, percent: number | null): void => {
    const anew = to === step.stage && percent === step.percent;
    ask({
      title: anew
        ? `Count shadow reads of ${name} anew?`
        : `Move ${name} to ${to}${percent === null ? '' : ` of ${percent} %`}?`,
      explanation: anew ? (
        <p>What they have found so far counts no more. Repair and verify first: drift is found again.</p>
      ) : (
        <p>{meaning[to]} All instances of the application follow within a second.</p>
      ),
      confirm: anew ? 'Count anew' : `Move to ${to}`,
      asksReason: true,
      decide: (reason) =>
        change('stage', { aggregate: name, to, reason, ...(percent !== null && { percent }) }),
    });
  };
  return (
    <section class="stage" aria-labelledby="stage">
      <h2 id="stage" class="hidden">
        Stage
      </h2>
      <Forward
        step={step}
        name={name}
        drifted={(status.shadow?.drifted ?? 0) > 0}
        changes={changes}
        move={move}
      />
      <Back step={step} changes={changes} move={move} />
    </section>
  );
}

interface MoveProps {
  step: AggregateAnswer['step'];
  changes: boolean;
  move: (to: StageName, percent: number | null) => void;
}

function Forward({ step, name, drifted, changes, move }: MoveProps & { name: string; drifted: boolean }) {
  const { next, reasons, stage, percent } = step;
  const [share, setShare] = useState(stage === 'replay' ? 100 : 10);
  if (next === null) {
    return (
      <div class="panel">
        <h3>At the end of its way</h3>
        <p>All streams are replayed, and commands are the way to write.</p>
      </div>
    );
  }
  const wanted = next === 'replay' ? share : null;
  // a smaller share is a way back, against which nothing stands
  const blocked = reasons.length > 0 && !(stage === 'replay' && share < (percent ?? 0));
  return (
    <div class="panel">
      <h3>Next: {next === stage ? `a larger share of ${next}` : next}</h3>
      <p>{meaning[next]}</p>
      <p class="muted">{conditions[next]}</p>
      {reasons.length > 0 ? (
        <ul class="reasons">
          {reasons.map((reason) => (
            <li key={reason}>{reason}</li>
          ))}
        </ul>
      ) : (
        <p class="ok">Nothing stands against it.</p>
      )}
      {changes ? (
        <div class="actions">
          {next === 'replay' && (
            <label class="field inline">
              Share in %
              <input
                type="number"
                min={1}
                max={100}
                value={share}
                onInput={(event) => setShare(Number(event.currentTarget.value))}
              />
            </label>
          )}
          <button
            type="button"
            class="primary"
            disabled={blocked || (wanted !== null && !(wanted >= 1 && wanted <= 100))}
            onClick={() => move(next, wanted)}
          >
            Move to {next}…
          </button>
          {drifted && (
            <button type="button" onClick={() => move(stage, percent)}>
              Count shadow reads anew…
            </button>
          )}
        </div>
      ) : (
        <Command text={`npx backstory stage ${name} ${next} --reason "…"`} />
      )}
    </div>
  );
}

function Back({ step: { stage }, changes, move }: MoveProps) {
  const ways = stageOrder.slice(0, stageOrder.indexOf(stage)).reverse();
  const [chosen, setChosen] = useState<StageName | null>(null);
  const to = chosen !== null && ways.includes(chosen) ? chosen : ways[0];
  if (to === undefined) return null;
  return (
    <div class="panel">
      <h3>Back</h3>
      <p>To any earlier stage, at any time: nothing stands against it.</p>
      <p class="muted">{meaning[to]}</p>
      {changes && (
        <div class="actions">
          <label class="field inline">
            To
            <select value={to} onChange={(event) => setChosen(event.currentTarget.value as StageName)}>
              {ways.map((way) => (
                <option key={way}>{way}</option>
              ))}
            </select>
          </label>
          <button type="button" onClick={() => move(to, null)}>
            Roll back to {to}…
          </button>
        </div>
      )}
    </div>
  );
}
