import { useState } from 'preact/hooks';
import type { FoundAnswer, OverviewAnswer } from './answers.js';
import { address } from './api.js';
import { goTo, linkTo } from './route.js';
import { Trouble } from './trouble.js';
import { usePolled } from './use-polled.js';

/** Finds the stream of one entity by its id. */
export function StreamsPage({ aggregate, id }: { aggregate: string; id: string }) {
  const known = usePolled<OverviewAnswer>(address('overview'), 60_000);
  const [wanted, setWanted] = useState({ aggregate, id });
  const asked = aggregate !== '' || id !== '';
  const found = usePolled<FoundAnswer[]>(
    asked ? address('streams', { id, aggregate: aggregate === '*' ? '' : aggregate }) : null,
    10_000,
  );
  const search = (event: Event): void => {
    event.preventDefault();
    goTo('streams', wanted.aggregate || '*', ...(wanted.id === '' ? [] : [wanted.id]));
  };
  return (
    <>
      <h1 tabIndex={-1}>Streams</h1>
      <p class="description">
        The events of one entity, its state at any point, and what differs between two. Within one aggregate
        the beginning of an id is enough; in all of them it has to be the whole id.
      </p>
      <form class="toolbar" role="search" onSubmit={search}>
        <label class="field inline">
          Aggregate
          <select
            value={wanted.aggregate === '*' ? '' : wanted.aggregate}
            onChange={(event) => setWanted({ ...wanted, aggregate: event.currentTarget.value })}
          >
            <option value="">all</option>
            {(known.body?.aggregates ?? []).map(({ name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <label class="field inline">
          Id
          <input
            type="search"
            value={wanted.id}
            autocomplete="off"
            onInput={(event) => setWanted({ ...wanted, id: event.currentTarget.value })}
          />
        </label>
        <button type="submit" class="primary">
          Find
        </button>
      </form>
      <Trouble polled={found} />
      {found.body && (
        <ul class="found" aria-label="Streams that were found">
          {found.body.map(({ category, streamId, deleted }) => (
            <li key={`${category} ${streamId}`}>
              <a href={linkTo('stream', category, streamId)}>
                <span class="muted">{category}-</span>
                {streamId}
              </a>{' '}
              {deleted && <span class="tag">deleted</span>}
            </li>
          ))}
        </ul>
      )}
      {found.body?.length === 0 && <p class="empty">There is no such stream.</p>}
      {found.body?.length === 20 && (
        <p class="more">The first 20; a longer beginning of the id finds others.</p>
      )}
    </>
  );
}
