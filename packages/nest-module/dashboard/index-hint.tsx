import type { IndexAnswer } from './answers.js';

/** How a search that looks at some events only would find all: at a price, so nobody makes it unasked. */
export function IndexHint({ index, property }: { index: IndexAnswer; property: 'actor' | 'correlationId' }) {
  const what = property === 'actor' ? 'an actor' : 'a correlation id';
  return (
    <details class="hint">
      <summary>Find all events of {what} at once</summary>
      <p>
        An index does it. Backstory does not make it by itself, because it costs 50 to 70 bytes on the disk
        for each event, and makes it slower to write many events at once, as a backfill does. The owner of the
        table runs this. The application goes on meanwhile, and all events are read once.
      </p>
      <code class="statement">{index.sql}</code>
    </details>
  );
}
