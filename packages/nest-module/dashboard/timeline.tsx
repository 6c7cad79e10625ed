import { useEffect, useRef } from 'preact/hooks';
import type { EventAnswer, StreamAnswer } from './answers.js';
import { ChangesTable } from './changes-table.js';
import { KindTag } from './kind-tag.js';
import { linkTo, linkWith } from './route.js';
import { Moment } from './moment-text.js';
import { ShownJson } from './value.js';

const named = ['actor', 'causationId', 'correlationId', 'origin'];

interface TimelineProps {
  events: readonly EventAnswer[];
  /** Position in the log of the one that somebody wants to see. */
  asked: string | undefined;
  parked: StreamAnswer['parked'];
}

/** Events, newest first, each with what it has changed. */
export function Timeline({ events, asked, parked }: TimelineProps) {
  const place = useRef<HTMLLIElement>(null);
  const isThere = events.some(({ globalPosition }) => globalPosition === asked);
  useEffect(() => {
    if (isThere) place.current?.scrollIntoView({ block: 'center' });
  }, [isThere, asked]);
  return (
    <ol class="timeline" reversed>
      {events.map((event) => (
        <li
          key={event.streamPosition}
          value={event.streamPosition}
          class={`change-${event.change} kind-${event.kind}`}
          ref={event.globalPosition === asked ? place : null}
          aria-current={event.globalPosition === asked ? 'true' : undefined}
        >
          <article aria-label={`${event.streamPosition}: ${event.type}`}>
            <header>
              <span class="position">{event.streamPosition}</span>
              <h3>{event.type}</h3>
              <Origin event={event} />
              <span class="when">
                <Moment at={event.recordedAt} full />
              </span>
            </header>
            {parked
              .filter(({ globalPosition }) => globalPosition === event.globalPosition)
              .map(({ consumer, error }) => (
                <p key={consumer} class="problem">
                  Parked by <a href={linkWith(['consumers'], { parked: consumer })}>{consumer}</a>
                  {error === null ? ', behind an earlier one' : `: ${error}`}
                </p>
              ))}
            <Reason event={event} />
            <Changes event={event} />
            {event.changes.length === 0 && event.data.length === 0 && (
              <p class="muted">
                {event.change === 'none'
                  ? 'Appended by the application, without data.'
                  : 'No value differs from before.'}
              </p>
            )}
            {event.data.length > 0 && (
              <ChangesTable
                changes={event.data.map(({ name, value }) => ({
                  property: name,
                  before: null,
                  after: value,
                }))}
                label={`What event ${event.streamPosition} tells`}
              />
            )}
            <details>
              <summary>Metadata</summary>
              <dl class="metadata">
                <div>
                  <dt>global position</dt>
                  <dd>{event.globalPosition}</dd>
                </div>
                <div>
                  <dt>schema version</dt>
                  <dd>{event.schemaVersion}</dd>
                </div>
                {event.metadata.map(({ name, value }) => (
                  <div key={name}>
                    <dt>{name}</dt>
                    <dd>
                      <ShownJson value={value} />
                    </dd>
                  </div>
                ))}
              </dl>
            </details>
          </article>
        </li>
      ))}
    </ol>
  );
}

/** Why, of what somebody has done to the history on purpose, and of a purge that has left no event for each row. */
function Reason({ event: { metadata } }: { event: EventAnswer }) {
  const reason = metadata.find(({ name }) => name === 'reason')?.value;
  if (!reason) return null;
  const purged = metadata.some(({ name, value }) => name === 'origin' && text(value.json) === 'untracked');
  return (
    <p class="reason">
      {purged && 'Deleted with others, without an event for each: '}
      {reason.length === undefined ? text(reason.json) : <ShownJson value={reason} />}
    </p>
  );
}

const changesShown = 8;

/** Those behind the first ones only on request: a first event has every property. */
function Changes({ event: { changes, streamPosition } }: { event: EventAnswer }) {
  const label = `What event ${streamPosition} has changed`;
  if (changes.length === 0) return null;
  const all = changes.length <= changesShown + 2;
  const rest = changes.slice(changesShown);
  return (
    <>
      <ChangesTable changes={all ? changes : changes.slice(0, changesShown)} label={label} />
      {!all && (
        <details>
          <summary>{rest.length} more values</summary>
          <ChangesTable changes={rest} label={`${label}, the rest`} />
        </details>
      )}
    </>
  );
}

function Origin({ event: { metadata, kind, globalPosition } }: { event: EventAnswer }) {
  const [actor, cause, correlation, origin] = named.map((wanted) => {
    const found = metadata.find(({ name }) => name === wanted);
    return found && text(found.value.json);
  });
  const [, category, id] = cause?.match(/^([^-]+)-(.+)@\d+$/) ?? [];
  return (
    <span class="origin">
      {actor && <span class="actor">{actor}</span>}
      {kind !== 'captured' && <KindTag kind={kind} origin={origin} />}
      {correlation && (
        <a
          href={linkWith(['correlation', correlation], { around: globalPosition })}
          title="All events of this correlation, in order"
        >
          {correlation}
        </a>
      )}
      {category !== undefined && id !== undefined && (
        <span>
          caused by <a href={linkTo('stream', category, id)}>{cause}</a>
        </span>
      )}
    </span>
  );
}

/** Without its quotes, where it is text. */
function text(json: string): string {
  try {
    return String(JSON.parse(json));
  } catch {
    return json;
  }
}
