import { useEffect, useState } from 'preact/hooks';
import type { EventAnswer, StreamAnswer } from './answers.js';
import { address, ask } from './api.js';
import { EraseSection } from './erase-section.js';
import { linkTo, linkWith } from './route.js';
import { StreamStates } from './stream-states.js';
import { Timeline } from './timeline.js';
import { Trouble } from './trouble.js';
import { usePolled } from './use-polled.js';

interface StreamPageProps {
  aggregate: string;
  id: string;
  /** Position in the log of the event that somebody wants to see. */
  event: string | undefined;
  changes: boolean;
}

/** The timeline of one entity, and its state at any point. */
export function StreamPage({ aggregate, id, event, changes }: StreamPageProps) {
  const polled = usePolled<StreamAnswer>(address('stream', { aggregate, id }));
  const [older, setOlder] = useState<readonly EventAnswer[]>([]);
  const [problem, setProblem] = useState('');
  const { body } = polled;
  const newest = body?.events ?? [];
  const oldestOfNewest = newest.at(-1)?.streamPosition ?? 1;
  // new events push others out of the first page: these are asked for again
  const behind = older.filter(({ streamPosition }) => streamPosition < oldestOfNewest);
  const events = [...newest, ...behind];
  const before = events.at(-1)?.streamPosition ?? 1;
  const more = async (from: number, kept: readonly EventAnswer[]): Promise<void> => {
    try {
      const page = await ask<StreamAnswer>(address('stream', { aggregate, id, before: from }));
      setOlder([...kept, ...page.body.events]);
      setProblem('');
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  const missing = behind[0] !== undefined && behind[0].streamPosition < oldestOfNewest - 1;
  useEffect(() => {
    if (missing) void more(oldestOfNewest, []);
  }, [missing, oldestOfNewest]);
  return (
    <>
      <p class="crumbs">
        <a href={linkTo('streams', aggregate)}>Streams</a> /{' '}
        <a href={linkTo('aggregate', aggregate)}>{aggregate}</a>
      </p>
      <h1 tabIndex={-1}>
        <span class="muted">{aggregate}-</span>
        {id}
      </h1>
      <Trouble polled={polled} />
      {body?.problem && (
        <p class="trouble" role="alert">
          {body.problem}
        </p>
      )}
      {body && body.parked.length > 0 && <ParkedNotice parked={body.parked} />}
      {body && body.position === 0 && <p class="empty">There is no such stream.</p>}
      {body && body.position > 0 && (
        <div class="stream">
          <section aria-labelledby="timeline">
            <h2 id="timeline">
              {body.position} {body.position === 1 ? 'event' : 'events'}
            </h2>
            <Timeline events={events} asked={event} parked={body.parked} />
            {before > 1 && (
              <button type="button" onClick={() => void more(before, behind)}>
                Show older events
              </button>
            )}
            <p role="alert" class="problem">
              {problem}
            </p>
          </section>
          <StreamStates
            aggregate={aggregate}
            id={id}
            position={body.position}
            deletions={events
              .filter(({ change }) => change === 'deleted')
              .map(({ streamPosition }) => streamPosition)}
            changes={changes}
          />
        </div>
      )}
      {body && body.position > 0 && (
        <EraseSection aggregate={aggregate} id={id} changes={changes} onErased={() => setOlder([])} />
      )}
    </>
  );
}

/** What consumers could not handle of this stream, and the way there. */
function ParkedNotice({ parked }: { parked: StreamAnswer['parked'] }) {
  const consumers = [...new Set(parked.map(({ consumer }) => consumer))];
  return (
    <ul class="trouble parked-here">
      {consumers.map((consumer) => {
        const events = parked.filter((each) => each.consumer === consumer);
        return (
          <li key={consumer}>
            {consumer} has parked {events.length === 1 ? 'one event' : `${events.length} events`} of this
            stream: <a href={linkWith(['consumers'], { parked: consumer })}>what is parked by {consumer}</a>
          </li>
        );
      })}
    </ul>
  );
}
