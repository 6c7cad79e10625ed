import { useState } from 'preact/hooks';
import { bytes } from './amounts.js';
import type { ListedAnswer } from './answers.js';
import { address, ask } from './api.js';
import { ChangesTable } from './changes-table.js';
import { KindTag } from './kind-tag.js';
import { Moment } from './moment-text.js';
import { linkWith } from './route.js';

/** Events of several streams, each with what it says on request. */
export function EventList({
  events,
  label,
  correlates = true,
}: {
  events: readonly ListedAnswer[];
  label: string;
  /** Whether each leads to the others of its correlation. */
  correlates?: boolean;
}) {
  return (
    <ol class="events" aria-label={label}>
      {events.map((event) => (
        <li key={event.globalPosition} class={`kind-${event.kind}`}>
          <article aria-label={`${event.type} of ${event.category}-${event.streamId}`}>
            <div class="line">
              <span class="when">
                <Moment at={event.recordedAt} />
              </span>
              <span class="what">
                <b>{event.type}</b> {event.kind !== 'captured' && <KindTag kind={event.kind} />}
              </span>
              <span class="whose">
                <StreamLink event={event} />
              </span>
              <span class="who">
                {event.actor}
                {correlates && event.correlationId !== null && (
                  <a
                    href={linkWith(['correlation', event.correlationId], { around: event.globalPosition })}
                    title="All events of this correlation, in order"
                  >
                    {event.correlationId}
                  </a>
                )}
              </span>
            </div>
            <Values event={event} />
          </article>
        </li>
      ))}
    </ol>
  );
}

function StreamLink({
  event: { category, streamId, known, streamPosition, globalPosition },
}: {
  event: ListedAnswer;
}) {
  const name = (
    <>
      <span class="muted">{category}-</span>
      {streamId}
    </>
  );
  return (
    <>
      {known ? (
        <a href={linkWith(['stream', category, streamId], { event: globalPosition })}>{name}</a>
      ) : (
        name
      )}{' '}
      <span class="more">event {streamPosition}</span>
    </>
  );
}

const namesShown = 6;

function Values({ event }: { event: ListedAnswer }) {
  const [whole, setWhole] = useState<ListedAnswer>();
  const [refusal, setRefusal] = useState('');
  const { values, problem, causationId, globalPosition, recordedAt } = whole ?? event;
  const isLeftOut = event.bytes !== null && whole === undefined;
  const show = async (): Promise<void> => {
    try {
      setWhole((await ask<ListedAnswer>(address('event', { position: globalPosition }))).body);
      setRefusal('');
    } catch (error) {
      setRefusal((error as Error).message);
    }
  };
  const names = values.slice(0, namesShown).map(({ property }) => property);
  const rest = values.length - names.length;
  return (
    <details>
      <summary>
        {isLeftOut
          ? `values of ${bytes(event.bytes ?? 0)}`
          : values.length === 0
            ? 'no values'
            : names.join(', ')}
        {rest > 0 && ` and ${rest} more`}
      </summary>
      {isLeftOut && (
        <button type="button" onClick={() => void show()}>
          Show its values
        </button>
      )}
      {refusal !== '' && <p class="problem">{refusal}</p>}
      {problem !== null && <p class="problem">{problem}</p>}
      {values.length > 0 && (
        <ChangesTable
          changes={values.map(({ property, value }) => ({ property, before: null, after: value }))}
          label={`Values of event ${globalPosition}`}
        />
      )}
      <p class="more">
        Position {globalPosition} in the log, <Moment at={recordedAt} full />
        {causationId !== null && `, caused by ${causationId}`}
      </p>
    </details>
  );
}
