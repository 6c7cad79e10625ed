import { commandHere } from './command-here.js';
import { bytes, count } from './amounts.js';
import type { LogAnswer } from './answers.js';
import { address } from './api.js';
import { Moment } from './moment-text.js';
import { linkWith } from './route.js';
import { Trouble } from './trouble.js';
import { usePolled } from './use-polled.js';

/** What concerns the whole log: seals, retention, the archive, topics, and where events were lost. */
export function LogPage() {
  const polled = usePolled<LogAnswer>(address('log'), 5_000);
  const { body } = polled;
  return (
    <>
      <h1 tabIndex={-1}>Log</h1>
      <p class="description">What concerns all events, beside the aggregates that they are of.</p>
      <Trouble polled={polled} />
      {body && (
        <>
          <Seals seals={body.seals} />
          <Retention retained={body.retained} />
          <Archive archive={body.archive} />
          <Topics topics={body.topics} />
          <Epochs epochs={body.epochs} />
        </>
      )}
    </>
  );
}

function Seals({ seals }: { seals: LogAnswer['seals'] }) {
  return (
    <section aria-labelledby="seals">
      <h2 id="seals">Seals</h2>
      {seals ? (
        <p>
          Sealed up to position {count(Number(seals.to))}, <Moment at={seals.at} />, in {count(seals.blocks)}{' '}
          blocks. The newest event is at {count(Number(seals.newest))}.
          {seals.unpublished > 0 &&
            ` The digests of ${count(seals.unpublished)} blocks have not been written outside of the database.`}
        </p>
      ) : (
        <p class="muted">
          Nothing is sealed that may be seen from here: whoever may write to the database could change events
          and nobody could tell. Seals are the business of the tables' owner.
        </p>
      )}
      <p class="more">
        <code>{commandHere('npx backstory seal')}</code> seals what has come since,{' '}
        <code>{commandHere('npx backstory seal verify')}</code> compares.
      </p>
    </section>
  );
}

function Retention({ retained }: { retained: LogAnswer['retained'] }) {
  return (
    <section aria-labelledby="retention">
      <h2 id="retention">Retention</h2>
      {retained.length === 0 ? (
        <p class="muted">Nothing is erased because of its age: no aggregate has the option "retain".</p>
      ) : (
        <ul>
          {retained.map(({ category, after, properties }) => (
            <li key={category}>
              <a href={linkWith(['aggregate', category], {})}>{category}</a>:{' '}
              {properties === 'all' ? 'everything but keys' : properties.join(', ')}, after {after}
            </li>
          ))}
        </ul>
      )}
      <p class="more">
        <code>{commandHere('npx backstory retain --dry-run')}</code> says what is due.
      </p>
    </section>
  );
}

function Archive({ archive }: { archive: LogAnswer['archive'] }) {
  return (
    <section aria-labelledby="archive">
      <h2 id="archive">Archive</h2>
      {archive ? (
        <p>
          {count(archive.events, true)} old events are in a table of their own, {bytes(archive.bytes)} on the
          disk. Histories and versions are read from both.
        </p>
      ) : (
        <p class="muted">Nothing is archived.</p>
      )}
      <p class="more">
        <code>{commandHere('npx backstory archive --before 2025-01-01 --dry-run')}</code> says what could be
        moved there.
      </p>
    </section>
  );
}

function Topics({ topics }: { topics: LogAnswer['topics'] }) {
  if (topics.length === 0) return null;
  return (
    <section aria-labelledby="topics">
      <h2 id="topics">Topics</h2>
      <p class="muted">Categories without a table: their events are the application's own.</p>
      <ul>
        {topics.map((topic) => (
          <li key={topic}>
            <a href={linkWith(['browse'], { category: topic })}>{topic}</a>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Epochs({ epochs }: { epochs: LogAnswer['epochs'] }) {
  return (
    <section aria-labelledby="epochs">
      <h2 id="epochs">Losses</h2>
      {epochs.length === 0 ? (
        <p class="muted">
          As far as is known, the log has never lost an event: it was not recovered to an earlier state.
        </p>
      ) : (
        <>
          <p>
            The server was recovered, or put back to an earlier state. What was committed in between is gone,
            and receivers outside may have it.
          </p>
          <ul>
            {epochs.map(({ number, survivedPosition, firstPosition, startedAt }) => (
              <li key={number}>
                <Moment at={startedAt} full />: events up to position {count(Number(survivedPosition))} are
                left, and it goes on at {count(Number(firstPosition))}
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
