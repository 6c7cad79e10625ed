import { count } from './amounts.js';
import type { AggregateAnswer } from './answers.js';
import { change } from './api.js';
import { DriftedStreams } from './drifted-streams.js';
import { Moment } from './moment-text.js';
import { RepairExplanation } from './repair-dialog.js';
import type { Decision } from './reason-dialog.js';

interface DriftSectionProps {
  aggregate: AggregateAnswer;
  changes: boolean;
  ask: (decision: Decision) => void;
}

/** Where replay and rows have differed, by property and by example. */
export function DriftSection({ aggregate, changes, ask }: DriftSectionProps) {
  const { status, name, work } = aggregate;
  const { differences, verified, captureFailures } = status;
  const busy = work !== null && work.finishedAt === null;
  return (
    <section aria-labelledby="drift">
      <div class="section-head">
        <h2 id="drift">Drift</h2>
        {changes && (captureFailures !== null || (verified?.drifted ?? 0) > 0) && (
          <button
            type="button"
            disabled={busy}
            onClick={() =>
              ask({
                title: `Repair ${name}?`,
                explanation: <RepairExplanation name={name} />,
                confirm: 'Repair',
                asksReason: true,
                decide: (reason) => change('repair', { aggregate: name, reason }),
              })
            }
          >
            Repair…
          </button>
        )}
      </div>
      {captureFailures && (
        <p class="bad">
          {count(captureFailures.statements)}{' '}
          {captureFailures.statements === 1 ? 'statement was' : 'statements were'} written without events
          since <Moment at={captureFailures.firstAt} full />, because capture failed. The last time with{' '}
          <code>{captureFailures.lastError.code}</code>: {captureFailures.lastError.message}. Once it is
          mended, repair, and verify.
        </p>
      )}
      {differences.length === 0 && !captureFailures && (
        <p class="empty">{verified ? 'None since the last clean verify.' : 'None was found.'}</p>
      )}
      {differences.length > 0 && (
        <>
          <p class="more">How often each was found since the last verify that found nothing.</p>
          <table class="plain stacking" role="table" aria-label="Drift by property">
            <thead role="rowgroup">
              <tr role="row">
                {['Property', 'Kind', 'Found by', 'Times', 'Last'].map((heading) => (
                  <th
                    key={heading}
                    scope="col"
                    role="columnheader"
                    class={heading === 'Times' ? 'number' : ''}
                  >
                    {heading}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody role="rowgroup">
              {differences.map(({ property, kind, foundBy, times, lastFoundAt }) => (
                <tr key={`${property} ${kind} ${foundBy}`} role="row">
                  <th scope="row" role="rowheader">
                    {property ? <code>{property}</code> : <span class="muted">the whole</span>}
                  </th>
                  <td role="cell" data-label="Kind">
                    {kind}
                  </td>
                  <td role="cell" data-label="Found by">
                    {foundBy === 'verify' ? 'verify' : 'reads'}
                  </td>
                  <td role="cell" class="number" data-label="Times">
                    {count(times)}
                  </td>
                  <td role="cell" data-label="Last">
                    <Moment at={lastFoundAt} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          <DriftedStreams name={name} />
        </>
      )}
    </section>
  );
}
