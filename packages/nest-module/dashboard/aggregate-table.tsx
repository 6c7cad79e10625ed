import { bytes, count } from './amounts.js';
import type { AggregateRow } from './answers.js';
import { BackfillCell } from './backfill-cell.js';
import { hasDrift } from './has-drift.js';
import { shareInWords } from './residual-section.js';
import { linkTo } from './route.js';
import { perMinute, Sparkline } from './sparkline.js';
import { StagePath } from './stage-path.js';
import { type Action, actionOf } from './ways-out.js';

const columns = ['Aggregate', 'Stage', 'Next step', 'Backfill', 'Drift', 'Per minute', 'Events', 'Size'];

interface AggregateTableProps {
  /** One without a name has no heading. */
  groups: readonly { name: string; aggregates: readonly AggregateRow[] }[];
  /** Names of groups that are folded up. */
  closed: readonly string[];
  onClosed: (names: readonly string[]) => void;
  estimated: boolean;
}

/** Where each aggregate stands, one below the other, in groups that can be folded up. */
export function AggregateTable({ groups, closed, onClosed, estimated }: AggregateTableProps) {
  if (groups.every(({ aggregates }) => aggregates.length === 0)) return null;
  const toggle = (name: string): void =>
    onClosed(closed.includes(name) ? closed.filter((each) => each !== name) : [...closed, name]);
  return (
    <table class="aggregates stacking" role="table" aria-label="Aggregates">
      <thead role="rowgroup">
        <tr role="row">
          {columns.map((name, index) => (
            <th key={name} scope="col" role="columnheader" class={index > 4 ? 'number' : ''}>
              {name}
            </th>
          ))}
        </tr>
      </thead>
      {groups.map(({ name, aggregates }) => (
        <tbody key={name} role="rowgroup">
          {name !== '' && (
            <tr role="row" class="group">
              <th role="rowheader" colSpan={columns.length}>
                <button type="button" aria-expanded={!closed.includes(name)} onClick={() => toggle(name)}>
                  {closed.includes(name) ? '▸' : '▾'} {name}
                </button>
                <span class="more">{aggregates.length}</span>
              </th>
            </tr>
          )}
          {!(name !== '' && closed.includes(name)) &&
            aggregates.map((each) => (
              <AggregateLine key={each.category} aggregate={each} estimated={estimated} />
            ))}
        </tbody>
      ))}
    </table>
  );
}

function AggregateLine({ aggregate: each, estimated }: { aggregate: AggregateRow; estimated: boolean }) {
  return (
    <tr role="row">
      <th scope="row" role="rowheader">
        <a href={linkTo('aggregate', each.name)}>{each.name}</a>
        <span class="more">{each.table}</span>
      </th>
      <td role="cell" class="wide">
        <StagePath stage={each.stage} percent={each.percent} />
      </td>
      <td role="cell" class="wide">
        <NextStep aggregate={each} />
      </td>
      <td role="cell" data-label="Backfill">
        <BackfillCell aggregate={each} />
      </td>
      <td role="cell" data-label="Drift">
        <Drift aggregate={each} />
      </td>
      <td role="cell" class="number" data-label="Per minute">
        {each.perMinute.length > 0 && <Sparkline counts={each.perMinute} />}
        <span class="beside">{perMinute(each.perMinute)}</span>
      </td>
      <td role="cell" class="number" data-label="Events">
        {count(each.events, estimated)}
      </td>
      <td role="cell" class="number" data-label="Size">
        {each.eventBytes === null ? 'unknown' : `≈ ${bytes(each.eventBytes)}`}
        <span class="more">table {bytes(each.tableBytes)}</span>
      </td>
    </tr>
  );
}

function NextStep({ aggregate: { next, reasons, stage, residual } }: { aggregate: AggregateRow }) {
  if (next === null)
    return <span class="muted">{residual ? shareInWords(residual) : 'commands are the way to write'}</span>;
  if (next === 'events')
    return <span class="muted">everything is replayed; events, where commands come first</span>;
  const name = next === stage ? `a larger share of ${next}` : next;
  if (reasons.length === 0)
    return (
      <span>
        ready for <b class="ok">{name}</b>
      </span>
    );
  return (
    <span>
      <b>{name}</b> is blocked{' '}
      <span class="muted">
        by {[...new Set(reasons.map((reason) => blockers[actionOf(reason)]))].join(', ')}
      </span>
    </span>
  );
}

function Drift({ aggregate }: { aggregate: AggregateRow }) {
  if (hasDrift(aggregate)) {
    const { verified, shadow, captureFailures } = aggregate;
    if (captureFailures) return <b class="bad">{count(captureFailures.statements)} writes without events</b>;
    return <b class="bad">{count((verified?.drifted ?? 0) + (shadow?.drifted ?? 0))} found</b>;
  }
  if (aggregate.stage === 'off') return <span class="muted">–</span>;
  const isVerified = aggregate.verified !== null && !aggregate.verified.outdated;
  if (!isVerified && !aggregate.shadow?.compared) return <span class="muted">not compared</span>;
  return <span class="ok">none</span>;
}

/** In a word; what stands above the table says more of it. */
const blockers: Readonly<Record<Action, string>> = {
  backfill: 'its backfill',
  verify: 'its verify',
  repair: 'drift',
  doctor: 'its triggers',
  stage: 'its shadow reads',
  wait: 'too few shadow reads',
};
