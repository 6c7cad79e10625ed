import type { EventAnswer } from './answers.js';
import { ChangesTable } from './changes-table.js';
import { linkTo } from './route.js';
import { Moment } from './moment-text.js';
import { ShownJson } from './value.js';

const named = ['actor', 'origin', 'causationId'];

/** Events, newest first, each with what it has changed. */
export function Timeline({ events }: { events: readonly EventAnswer[] }) {
  return (
    <ol class="timeline" reversed>
      {events.map((event) => (
        <li key={event.streamPosition} value={event.streamPosition} class={`change-${event.change}`}>
          <article aria-label={`${event.streamPosition}: ${event.type}`}>
            <header>
              <span class="position">{event.streamPosition}</span>
              <h3>{event.type}</h3>
              <Origin event={event} />
              <span class="when">
                <Moment at={event.recordedAt} full />
              </span>
            </header>
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

function Origin({ event: { metadata } }: { event: EventAnswer }) {
  const [actor, origin, cause] = named.map((wanted) => {
    const found = metadata.find(({ name }) => name === wanted);
    return found && text(found.value.json);
  });
  const [, category, id] = cause?.match(/^([^-]+)-(.+)@\d+$/) ?? [];
  return (
    <span class="origin">
      {actor && <span class="actor">{actor}</span>}
      {origin !== 'capture' && <span class="tag">{origin}</span>}
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
