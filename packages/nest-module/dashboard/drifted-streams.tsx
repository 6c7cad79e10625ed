import type { DriftAnswer } from './answers.js';
import { address } from './api.js';
import { ChangesTable } from './changes-table.js';
import { KindTag } from './kind-tag.js';
import { Moment } from './moment-text.js';
import { linkTo, linkWith } from './route.js';
import { Trouble } from './trouble.js';
import { usePolled } from './use-polled.js';

const kinds: Readonly<Record<string, string>> = {
  value: 'The row has other values than its replay',
  'missing event': 'There is a row, but its events say that there is none',
  'missing row': 'The events say that there is a row, but there is none',
  gap: 'Events of the stream are missing, so it can’t be replayed',
  order: 'Events stand in the log in another order than in the stream',
};

/** Streams that differ just now, the replay beside the row. */
export function DriftedStreams({ name }: { name: string }) {
  const polled = usePolled<DriftAnswer>(address('drift', { name }), 10_000);
  const { body } = polled;
  return (
    <>
      <Trouble polled={polled} />
      {body && body.streams.length > 0 && (
        <>
          <h3>Streams that differ now</h3>
          <ul class="drifted">
            {body.streams.map((stream) => (
              <DriftedStream key={stream.streamId} name={name} stream={stream} />
            ))}
          </ul>
          {body.streams.length >= 20 && (
            <p class="more">
              Only streams that were kept as examples are compared here; a verify counts all.
            </p>
          )}
        </>
      )}
      {body?.streams.length === 0 && <p class="ok">None of the streams that were found differs now.</p>}
      {body && body.settled.length > 0 && (
        <details>
          <summary>{body.settled.length} found by reads, without a difference now</summary>
          <ul class="examples">
            {body.settled.map(({ streamId, properties, foundAt }) => (
              <li key={`${streamId} ${properties.join()}`}>
                <a href={linkTo('stream', name, streamId)}>{streamId}</a> <code>{properties.join(', ')}</code>{' '}
                <span class="more">
                  <Moment at={foundAt} />
                </span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

function DriftedStream({ name, stream }: { name: string; stream: DriftAnswer['streams'][number] }) {
  const { streamId, foundBy, foundAt, drift, lastEvents } = stream;
  return (
    <li>
      <h4>
        <a href={linkTo('stream', name, streamId)}>
          <span class="muted">{name}-</span>
          {streamId}
        </a>{' '}
        <span class="more">
          found by {foundBy === 'verify' ? 'verify' : 'reads'}, <Moment at={foundAt} />
        </span>
      </h4>
      {drift.map(({ part, kind, values, positions }) => (
        <div key={`${part} ${kind}`}>
          <p>
            {part !== null && (
              <>
                <code>{part}</code>:{' '}
              </>
            )}
            {kinds[kind] ?? kind}
            {positions.length > 0 && ` (events ${positions.join(', ')})`}.
          </p>
          {values.length > 0 && (
            <ChangesTable
              changes={values.map(({ property, row, replay }) => ({ property, before: replay, after: row }))}
              label={`Replay and row of ${streamId}${part === null ? '' : ` ${part}`}`}
              headings={['Replay of its events', 'Row in the table']}
            />
          )}
        </div>
      ))}
      {lastEvents.length > 0 && (
        <p class="more">
          Last events:{' '}
          {lastEvents.map(({ globalPosition, streamPosition, type, kind, recordedAt, actor }, index) => (
            <span key={globalPosition}>
              {index > 0 && '; '}
              <a href={linkWith(['stream', name, streamId], { event: globalPosition })}>
                {streamPosition} {type}
              </a>{' '}
              {kind !== 'captured' && <KindTag kind={kind} />} {actor} <Moment at={recordedAt} />
            </span>
          ))}
        </p>
      )}
    </li>
  );
}
