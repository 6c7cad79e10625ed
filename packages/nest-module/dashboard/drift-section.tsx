import { count } from './amounts.js';
import type { AggregateAnswer } from './answers.js';
import { change } from './api.js';
import { Moment } from './moment-text.js';
import type { Decision } from './reason-dialog.js';
import { linkTo } from './route.js';

interface DriftSectionProps {
  aggregate: AggregateAnswer;
  changes: boolean;
  ask: (decision: Decision) => void;
}

/** Where replay and rows have differed, by property and by example. */
export function DriftSection({ aggregate, changes, ask }: DriftSectionProps) {
  const { status, examples, name, work } = aggregate;
  const { differences, verified } = status;
  const settled = verified !== null && !verified.outdated && verified.drifted === 0;
  const busy = work !== null && work.finishedAt === null;
  return (
    <section aria-labelledby="drift">
      <div class="section-head">
        <h2 id="drift">Drift</h2>
        {changes && (verified?.drifted ?? 0) > 0 && (
          <button
            type="button"
            disabled={busy}
            onClick={() =>
              ask({
                title: `Repair ${name}?`,
                explanation: (
                  <p>
                    Appends to each stream what differs, so that its replay gives the row. Rows, and events
                    that were written, stay as they are. Afterwards it is verified again.
                  </p>
                ),
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
      {differences.length === 0 && <p class="empty">None was found.</p>}
      {differences.length > 0 && (
        <>
          {settled && (
            <p class="ok">The last verify was clean: what is below was found before, and is settled.</p>
          )}
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
                    {foundBy}
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
          <h3>Examples</h3>
          <ul class="examples">
            {examples.map(({ streamId, kind, properties, foundBy, foundAt }) => (
              <li key={`${streamId} ${kind} ${foundBy} ${properties.join()}`}>
                <a href={linkTo('stream', name, streamId)}>{streamId}</a> {kind}
                {properties.length > 0 && (
                  <>
                    : <code>{properties.join(', ')}</code>
                  </>
                )}
                <span class="more">
                  {' '}
                  {foundBy}, <Moment at={foundAt} />
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
