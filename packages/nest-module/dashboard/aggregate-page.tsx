import { useState } from 'preact/hooks';
import { ActivityChart } from './activity-chart.js';
import type { AggregateAnswer } from './answers.js';
import { address } from './api.js';
import { DriftSection } from './drift-section.js';
import { Moment } from './moment-text.js';
import { ProofSection } from './proof-section.js';
import { type Decision, ReasonDialog } from './reason-dialog.js';
import { ResidualSection } from './residual-section.js';
import { linkTo } from './route.js';
import { StagePath } from './stage-path.js';
import { StageSection } from './stage-section.js';
import { Trouble } from './trouble.js';
import { usePolled } from './use-polled.js';

const ranges = [
  { name: '1 hour', hours: '1' },
  { name: '24 hours', hours: '24' },
  { name: '7 days', hours: '168' },
  { name: '30 days', hours: '720' },
  { name: 'all', hours: '' },
];

/** Everything about one aggregate, and what can be done with it. */
export function AggregatePage({ name, changes }: { name: string; changes: boolean }) {
  const [hours, setHours] = useState('24');
  const polled = usePolled<AggregateAnswer>(address('aggregate', { name, hours }));
  const [decision, setDecision] = useState<Decision | null>(null);
  const { body, refresh } = polled;
  const ask = (wish: Decision): void =>
    setDecision({
      ...wish,
      decide: async (reason) => {
        await wish.decide(reason);
        refresh();
      },
    });
  return (
    <>
      <p class="crumbs">
        <a href={linkTo()}>Overview</a>
      </p>
      <div class="heading">
        <h1 tabIndex={-1}>{name}</h1>
        {body && <StagePath stage={body.status.stage} percent={body.status.percent} />}
      </div>
      <Trouble polled={polled} />
      {body && (
        <>
          <Description aggregate={body} />
          <StageSection aggregate={body} changes={changes} ask={ask} />
          <section aria-labelledby="activity">
            <div class="section-head">
              <h2 id="activity">Events by type</h2>
              <fieldset class="choice">
                <legend class="hidden">Time</legend>
                {ranges.map((range) => (
                  <label key={range.name}>
                    <input
                      type="radio"
                      name="hours"
                      value={range.hours}
                      checked={range.hours === hours}
                      onChange={() => setHours(range.hours)}
                    />
                    <span>{range.name}</span>
                  </label>
                ))}
              </fieldset>
            </div>
            <ActivityChart activity={body.activity} />
          </section>
          <ProofSection aggregate={body} changes={changes} ask={ask} />
          <ResidualSection aggregate={body} />
          <DriftSection aggregate={body} changes={changes} ask={ask} />
          <StageChanges aggregate={body} />
        </>
      )}
      <ReasonDialog decision={decision} onClose={() => setDecision(null)} />
    </>
  );
}

function Description({ aggregate: { status, parts, excluded, name } }: { aggregate: AggregateAnswer }) {
  return (
    <p class="description">
      Entity <code>{status.entity}</code>, table <code>{status.table}</code>
      {parts.length > 0 && (
        <>
          ; owns{' '}
          {parts.map(({ path, table }, index) => (
            <span key={path}>
              {index > 0 && ', '}
              <code>{path}</code> ({table})
            </span>
          ))}
        </>
      )}
      {excluded.length > 0 && (
        <>
          ; never recorded or shown: <code>{excluded.join(', ')}</code>
        </>
      )}
      . <a href={linkTo('streams', name)}>Find a stream</a>
    </p>
  );
}

function StageChanges({ aggregate: { changes } }: { aggregate: AggregateAnswer }) {
  return (
    <section aria-labelledby="changes">
      <h2 id="changes">Stage changes</h2>
      {changes.length === 0 && <p class="empty">None yet.</p>}
      {changes.length > 0 && (
        <table class="plain stacking" role="table">
          <thead role="rowgroup">
            <tr role="row">
              {['When', 'From → to', 'Who', 'Why'].map((heading) => (
                <th key={heading} scope="col" role="columnheader">
                  {heading}
                </th>
              ))}
            </tr>
          </thead>
          <tbody role="rowgroup">
            {changes.map(({ from, to, fromPercent, percent, changedAt, changedBy, reason, overridden }) => (
              <tr key={changedAt} role="row">
                <td role="cell">
                  <Moment at={changedAt} full />
                </td>
                <td role="cell">
                  {from ?? 'new'}
                  {share(fromPercent)} → <b>{to}</b>
                  {share(percent)}
                </td>
                <td role="cell" data-label="Who">
                  {changedBy}
                </td>
                <td role="cell" class="prose" data-label="Why">
                  {reason}
                  {overridden.length > 0 && (
                    <span class="more warn">forced, although: {overridden.join('; ')}</span>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function share(percent: number | null): string {
  return percent === null || percent === 100 ? '' : ` ${percent} %`;
}
