import { useState } from 'preact/hooks';
import type { OverviewAnswer } from './answers.js';
import { address } from './api.js';
import { type Chosen, linkTo, linkWith } from './route.js';
import { isoTime, localTime, zone } from './times.js';
import { usePolled } from './use-polled.js';

const fields = [
  { name: 'category', label: 'Category', hint: 'aggregate or topic' },
  { name: 'type', label: 'Event type', hint: 'OrderShipped' },
  { name: 'streamId', label: 'Stream id', hint: 'the whole id' },
  { name: 'actor', label: 'Actor', hint: '' },
  { name: 'correlationId', label: 'Correlation id', hint: '' },
] as const;

const times = [
  { name: 'from', label: 'From' },
  { name: 'to', label: 'To' },
] as const;

/** What the events are searched by. It is in the address, so a search can be shared. */
export function EventSearch({ search }: { search: Chosen }) {
  const known = usePolled<OverviewAnswer>(address('overview'), null);
  const [wanted, setWanted] = useState(search);
  const find = (event: Event): void => {
    event.preventDefault();
    const trimmed = Object.entries(wanted).map(([name, value]) => [name, value.trim()] as const);
    location.hash = linkWith(['browse'], Object.fromEntries(trimmed));
  };
  return (
    <form class="toolbar search" role="search" onSubmit={find}>
      {fields.map(({ name, label, hint }) => (
        <label key={name} class="field">
          {label}
          <input
            type="search"
            value={wanted[name] ?? ''}
            placeholder={hint}
            autocomplete="off"
            list={name === 'category' ? 'categories' : undefined}
            onInput={(event) => setWanted({ ...wanted, [name]: event.currentTarget.value })}
          />
        </label>
      ))}
      {times.map(({ name, label }) => (
        <label key={name} class="field" title={`In your time zone, ${zone}`}>
          {label} <span class="more">{zone}</span>
          <input
            type="datetime-local"
            value={localTime(wanted[name] ?? '')}
            onChange={(event) => setWanted({ ...wanted, [name]: isoTime(event.currentTarget.value) })}
          />
        </label>
      ))}
      <datalist id="categories">
        {(known.body?.aggregates ?? []).map(({ name }) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <div class="actions">
        <button type="submit" class="primary">
          Find
        </button>
        {Object.keys(search).length > 0 && <a href={linkTo('browse')}>Show all</a>}
      </div>
    </form>
  );
}
