import { count } from './amounts.js';
import type { AggregateAnswer, AggregateRow } from './answers.js';
import { Moment } from './moment-text.js';

type Residual = NonNullable<AggregateRow['residual']>;

/** What commands don't explain, and who has written it. In replay only where there are commands already. */
export function ResidualSection({ aggregate: { status } }: { aggregate: AggregateAnswer }) {
  const { residual, stage } = status;
  if (!residual || (stage !== 'events' && residual.explained === 0)) return null;
  const { policy, since, completeSince, sources } = residual;
  return (
    <section aria-labelledby="residual">
      <h2 id="residual">Written without a command</h2>
      <p>
        {shareInWords(residual)} since <Moment at={completeSince ?? since} full />
        {completeSince !== null && ', as far back as was looked'}. {policyInWords(policy)}
      </p>
      {sources.length > 0 && (
        <table class="plain stacking" role="table" aria-label="Written without a command">
          <thead role="rowgroup">
            <tr role="row">
              {['Event', 'How', 'Context', 'Events', 'Last'].map((heading) => (
                <th
                  key={heading}
                  scope="col"
                  role="columnheader"
                  class={heading === 'Events' ? 'number' : ''}
                >
                  {heading}
                </th>
              ))}
            </tr>
          </thead>
          <tbody role="rowgroup">
            {sources.map(({ type, origin, context, events, lastAt }) => (
              <tr key={`${type} ${origin} ${JSON.stringify(context)}`} role="row">
                <td role="cell">
                  <code>{type}</code>
                </td>
                <td role="cell" data-label="How">
                  {origin === 'residual' ? 'beside a command, in its row' : 'without a command'}
                </td>
                <td role="cell" data-label="Context">
                  {contextInWords(context)}
                </td>
                <td role="cell" class="number" data-label="Events">
                  {count(events)}
                </td>
                <td role="cell" data-label="Last">
                  <Moment at={lastAt} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

export function shareInWords({ explained, residual, captured }: Residual): string {
  const others = residual + captured;
  const all = explained + others;
  if (all === 0) return 'no events';
  return `${count(others)} of ${count(all)} events (${((100 * others) / all).toFixed(1)} %) not by commands`;
}

function policyInWords(policy: Residual['policy']): string {
  if (policy === 'allow') return 'Everybody may write.';
  const whose = policy === 'refuse' ? 'Such writes' : `Such writes of ${policy.refuse.join(', ')}`;
  return `${whose} are refused.`;
}

function contextInWords(context: Readonly<Record<string, unknown>>): string {
  const words = Object.entries(context).map(
    ([key, value]) => `${key} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return words.join(', ') || 'none, as of psql';
}
