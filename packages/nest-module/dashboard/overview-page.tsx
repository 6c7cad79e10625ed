import { bytes, count } from './amounts.js';
import type { AggregateRow, OverviewAnswer } from './answers.js';
import { AggregateTable } from './aggregate-table.js';
import { address } from './api.js';
import { type Chosen, choose } from './route.js';
import { hasDrift } from './has-drift.js';
import { perMinute } from './sparkline.js';
import { stageOrder } from './stage-order.js';
import { Moment } from './moment-text.js';
import { Trouble } from './trouble.js';
import { usePolled } from './use-polled.js';
import { WaysOutSection } from './ways-out-section.js';

export function OverviewPage({ chosen, changes }: { chosen: Chosen; changes: boolean }) {
  const polled = usePolled<OverviewAnswer>(address('overview'));
  // in the address: it can be shared, and is there again after a look at an aggregate
  const { show: shown = 'all', find: wanted = '', sort = 'name', group = '', closed = '' } = chosen;
  const set = (choice: Chosen): void => choose([], { ...chosen, ...choice });
  const { body } = polled;
  const aggregates = sorted(
    (body?.aggregates ?? []).filter((each) => isShown(each, shown, wanted)),
    sort,
  );
  return (
    <>
      <h1 tabIndex={-1}>Overview</h1>
      <Trouble polled={polled} />
      {body && (
        <>
          <Figures overview={body} />
          {body.unseen.map(({ category, reason }) => (
            <p key={category} class="trouble" role="alert">
              {category} can't be looked at: {reason}.
            </p>
          ))}
          <WaysOutSection aggregates={body.aggregates} changes={changes} refresh={polled.refresh} />
          <div class="toolbar" role="search">
            <label class="field inline">
              Find
              <input
                type="search"
                value={wanted}
                placeholder="aggregate or table"
                onInput={(event) => set({ find: event.currentTarget.value })}
              />
            </label>
            <label class="field inline">
              Show
              <select value={shown} onChange={(event) => set({ show: event.currentTarget.value })}>
                <option value="all">all {body.aggregates.length}</option>
                <option value="attention">with drift</option>
                <option value="blocked">that are blocked</option>
                <option value="ready">that are ready for a step</option>
                {stageOrder.map((stage) => (
                  <option key={stage} value={stage}>
                    in {stage}
                  </option>
                ))}
              </select>
            </label>
            <label class="field inline">
              Sort by
              <select value={sort} onChange={(event) => set({ sort: event.currentTarget.value })}>
                {Object.keys(orders).map((order) => (
                  <option key={order}>{order}</option>
                ))}
              </select>
            </label>
            <label class="field inline check">
              <input
                type="checkbox"
                checked={group === 'stage'}
                onChange={(event) => set({ group: event.currentTarget.checked ? 'stage' : '', closed: '' })}
              />
              by stage
            </label>
            <span class="more" role="status">
              {aggregates.length < body.aggregates.length &&
                `${aggregates.length} of ${body.aggregates.length} aggregates`}
            </span>
          </div>
          <AggregateTable
            groups={group === 'stage' ? byStage(aggregates) : [{ name: '', aggregates }]}
            closed={closed.split(',')}
            onClosed={(names) => set({ closed: names.filter(Boolean).join(',') })}
            estimated={body.events.estimated}
          />
          {aggregates.length === 0 && <p class="empty">No aggregate is like that.</p>}
        </>
      )}
    </>
  );
}

function Figures({ overview: { events, aggregates, ratesCompleteSince } }: { overview: OverviewAnswer }) {
  const longest = Math.max(...aggregates.map(({ perMinute: counts }) => counts.length), 0);
  const total = Array.from({ length: longest }, (_, minute) =>
    aggregates.reduce((sum, { perMinute: counts }) => sum + (counts[minute] ?? 0), 0),
  );
  const drifted = aggregates.filter(hasDrift).length;
  const stages = stageOrder.map((stage) => ({
    stage,
    number: aggregates.filter((each) => each.stage === stage).length,
  }));
  return (
    <dl class="figures">
      <div>
        <dt>Events</dt>
        <dd>{count(events.total, events.estimated)}</dd>
        <dd class="more">
          {bytes(events.eventBytes + events.indexBytes)} on disk, {bytes(events.indexBytes)} of it indexes
          {events.snapshotBytes > 0 && `; beside it ${bytes(events.snapshotBytes)} of snapshots`}
          {events.archiveBytes > 0 && `; ${bytes(events.archiveBytes)} in the archive`}
        </dd>
      </div>
      <div>
        <dt>Events per minute</dt>
        <dd>{perMinute(total)}</dd>
        <dd class="more">
          {ratesCompleteSince ? (
            <>
              counted since <Moment at={ratesCompleteSince} />
            </>
          ) : (
            'mean of the last five'
          )}
        </dd>
      </div>
      <div>
        <dt>Aggregates</dt>
        <dd>{aggregates.length}</dd>
        <dd class="more">
          {stages
            .filter(({ number }) => number > 0)
            .map(({ stage, number }) => `${number} ${stage}`)
            .join(' · ')}
        </dd>
      </div>
      <div class={drifted > 0 ? 'bad' : ''}>
        <dt>With drift</dt>
        <dd>{drifted}</dd>
        <dd class="more">{drifted > 0 ? 'replay differs from rows' : 'as far as was compared'}</dd>
      </div>
    </dl>
  );
}

/** What is found to differ, of those that are looked at. */
function drifted(aggregate: AggregateRow): number {
  const { verified, shadow } = aggregate;
  return hasDrift(aggregate) ? (verified?.drifted ?? 0) + (shadow?.drifted ?? 0) : 0;
}

type Order = (one: AggregateRow, other: AggregateRow) => number;

const orders: Readonly<Record<string, Order>> = {
  name: (one, other) => one.name.localeCompare(other.name),
  stage: (one, other) => stageOrder.indexOf(one.stage) - stageOrder.indexOf(other.stage),
  events: (one, other) => (other.events ?? 0) - (one.events ?? 0),
  size: (one, other) => other.tableBytes - one.tableBytes,
  drift: (one, other) => drifted(other) - drifted(one),
};

/** Those that are alike by their names. */
function sorted(aggregates: readonly AggregateRow[], sort: string): AggregateRow[] {
  const byName = orders.name as Order;
  const order = orders[sort] ?? byName;
  return [...aggregates].sort((one, other) => order(one, other) || byName(one, other));
}

function isShown(aggregate: AggregateRow, shown: string, wanted: string): boolean {
  const text = `${aggregate.name} ${aggregate.table} ${aggregate.entity}`.toLowerCase();
  if (!text.includes(wanted.trim().toLowerCase())) return false;
  if (shown === 'attention') return hasDrift(aggregate);
  if (shown === 'blocked') return aggregate.reasons.length > 0;
  if (shown === 'ready') return aggregate.next !== null && aggregate.reasons.length === 0;
  return shown === 'all' || aggregate.stage === shown;
}

function byStage(aggregates: readonly AggregateRow[]): { name: string; aggregates: AggregateRow[] }[] {
  return stageOrder
    .map((stage) => ({ name: stage, aggregates: aggregates.filter((each) => each.stage === stage) }))
    .filter((group) => group.aggregates.length > 0);
}
