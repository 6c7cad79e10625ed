import { useState } from 'preact/hooks';
import { count } from './amounts.js';
import { EventList } from './event-list.js';
import { EventSearch } from './event-search.js';
import { IndexHint } from './index-hint.js';
import { type Chosen, linkTo } from './route.js';
import { Trouble } from './trouble.js';
import { useEvents } from './use-events.js';

/** The newest events of all categories, those that come while one looks, and what is searched for. */
export function BrowsePage({ search }: { search: Chosen }) {
  const [live, setLive] = useState(true);
  const { found, polled, problem, more } = useEvents(search, live);
  const searched = Object.keys(search).length > 0;
  const bounded = found !== undefined && !found.complete && !found.full;
  const missing =
    found &&
    (['correlationId', 'actor'] as const).find((name) => search[name] && !found.indexes[name].exists);
  return (
    <>
      <h1 tabIndex={-1}>Browse</h1>
      <p class="description">
        Events of all aggregates and topics, newest first. An entity’s whole history is under{' '}
        <a href={linkTo('streams')}>Streams</a>.
      </p>
      <EventSearch key={JSON.stringify(search)} search={search} />
      <div class="section-head">
        <p class="more" role="status">
          {found && summaryOf(found.events.length, searched, found)}
        </p>
        <label class="field inline check">
          <input type="checkbox" checked={live} onChange={(event) => setLive(event.currentTarget.checked)} />
          <span>Live: new events appear by themselves</span>
        </label>
      </div>
      <Trouble polled={polled} />
      {found && <EventList events={found.events} label="Events" />}
      {found?.complete && found.events.length === 0 && (
        <p class="empty">{searched ? 'No event is like that.' : 'There are no events yet.'}</p>
      )}
      {found && !found.complete && (
        <button type="button" onClick={() => void more()}>
          {bounded ? 'Search further back' : 'Show older events'}
        </button>
      )}
      <p role="alert" class="problem">
        {problem}
      </p>
      {found && missing && bounded && <IndexHint index={found.indexes[missing]} property={missing} />}
    </>
  );
}

/** What was looked at is said wherever that is less than what was asked for. */
function summaryOf(
  events: number,
  searched: boolean,
  { complete, full, looked }: { complete: boolean; full: boolean; looked: number },
): string {
  if (!searched)
    return complete ? `${count(events)} events, which are all.` : `The newest ${count(events)} events.`;
  const those = events === 1 ? '1 event is' : `${count(events)} events are`;
  if (complete) return `${those} like that, and no others.`;
  if (full) return `The newest ${count(events)} events that are like that.`;
  return `Looked through the newest ${count(looked)} events: ${those} like that. Older events were not looked at.`;
}
