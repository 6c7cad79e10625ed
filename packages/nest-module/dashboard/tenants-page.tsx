import { count } from './amounts.js';
import type { TenantsAnswer } from './answers.js';
import { address } from './api.js';
import { type Chosen, choose, linkToTenant } from './route.js';
import { stageOrder } from './stage-order.js';
import { Trouble } from './trouble.js';
import { usePolled } from './use-polled.js';

const columns = ['Tenant', 'Aggregates', 'Backfills', 'Not verified', 'With drift', 'Behind', 'Parked'];

/** The tenants, where each stands, and the way to each. `at`: the page that one has come from, which is opened there. */
export function TenantsPage({ chosen }: { chosen: Chosen }) {
  const { find = '', at = '' } = chosen;
  const polled = usePolled<TenantsAnswer>(address('tenants', { find }), 5_000);
  const { body } = polled;
  return (
    <>
      <h1 tabIndex={-1}>Tenants</h1>
      <p class="description">
        Each tenant has a history of its own: stages, proofs and consumers of one say nothing of another.
      </p>
      <Trouble polled={polled} />
      <div class="toolbar" role="search">
        <label class="field inline">
          Find
          <input
            type="search"
            value={find}
            placeholder="tenant"
            autocomplete="off"
            onInput={(event) => choose(['tenants'], { ...chosen, find: event.currentTarget.value })}
          />
        </label>
        {body && (
          <p class="more" role="status">
            {summaryOf(body)}
          </p>
        )}
      </div>
      {body && body.tenants.length > 0 && (
        <table class="plain stacking" role="table" aria-label="Tenants">
          <thead role="rowgroup">
            <tr role="row">
              {columns.map((name, nth) => (
                <th key={name} scope="col" role="columnheader" class={nth > 1 ? 'number' : ''}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody role="rowgroup">
            {body.tenants.map((each) => (
              <TenantRow key={each.tenant} tenant={each} at={at} />
            ))}
          </tbody>
        </table>
      )}
      {body?.tenants.length === 0 && (
        <p class="empty">{body.all === 0 ? 'There are no tenants yet.' : 'No tenant is called like that.'}</p>
      )}
      <p class="more">
        Behind: positions of the log that the slowest consumer has still to get through, events at most. Not
        verified: aggregates of which no verify proves anything today.
      </p>
    </>
  );
}

function summaryOf({ tenants, found, all }: TenantsAnswer): string {
  if (tenants.length < found)
    return `The first ${tenants.length} of ${count(found)}: more of a name finds others.`;
  return found === all ? `${count(all)} in all` : `${count(found)} of ${count(all)}`;
}

function TenantRow({
  tenant: { tenant, schema, history },
  at,
}: {
  tenant: TenantsAnswer['tenants'][number];
  at: string;
}) {
  return (
    <tr role="row">
      <th scope="row" role="rowheader">
        <a href={linkToTenant(tenant, ...(at === '' ? [] : [at]))}>{tenant}</a>
        <span class="more">{schema}</span>
      </th>
      {history === null ? (
        <td role="cell" class="wide muted" colSpan={columns.length - 1}>
          It has no history yet. It gets one when it is opened.
        </td>
      ) : (
        <>
          <td role="cell" data-label="Aggregates">
            {stageOrder
              .filter((stage) => history.stages[stage])
              .map((stage) => `${history.stages[stage]} ${stage}`)
              .join(' · ') || 'none'}
          </td>
          <Figure label="Backfills" number={history.backfilling} />
          <Figure label="Not verified" number={history.unverified} />
          <Figure label="With drift" number={history.drifted} bad />
          <td role="cell" class="number" data-label="Behind">
            {history.behind === null ? <span class="muted">no consumer</span> : count(history.behind)}
          </td>
          <Figure label="Parked" number={history.parked} bad most={1_000} />
        </>
      )}
    </tr>
  );
}

interface FigureProps {
  label: string;
  number: number;
  /** Whether more than none is something to see to. */
  bad?: boolean;
  /** It stands for this number or more. */
  most?: number;
}

function Figure({ label, number, bad = false, most = Infinity }: FigureProps) {
  return (
    <td role="cell" class="number" data-label={label}>
      {number === 0 ? (
        <span class="muted">0</span>
      ) : (
        <span class={bad ? 'bad' : ''}>
          {count(number)}
          {number >= most && ' or more'}
        </span>
      )}
    </td>
  );
}
