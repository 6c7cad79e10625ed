import { useState } from 'preact/hooks';
import { count } from './amounts.js';
import type { CorrelationAnswer } from './answers.js';
import { address } from './api.js';
import { EventList } from './event-list.js';
import { IndexHint } from './index-hint.js';
import { linkTo } from './route.js';
import { Trouble } from './trouble.js';
import { usePolled } from './use-polled.js';

const steps = [10_000, 100_000, 1_000_000];

/** What one request or job has done, over all streams, in the order in which it has done it. */
export function CorrelationPage({ id, around }: { id: string; around: string | undefined }) {
  const [step, setStep] = useState(0);
  const polled = usePolled<CorrelationAnswer>(
    address('correlation', { id, around: around ?? null, look: steps[step] ?? null }),
    10_000,
  );
  const { body } = polled;
  const streams = new Set(body?.events.map(({ category, streamId }) => `${category}-${streamId}`)).size;
  return (
    <>
      <p class="crumbs">
        <a href={linkTo('browse')}>Browse</a>
      </p>
      <h1 tabIndex={-1}>
        <span class="muted">Correlation </span>
        {id}
      </h1>
      <p class="description">
        Everything that one request or job has written, in the order in which it was recorded.
      </p>
      <Trouble polled={polled} />
      {body && (
        <>
          <p class="more" role="status">
            {body.more
              ? `The first ${count(body.events.length)} events`
              : `${count(body.events.length)} events`}{' '}
            in {count(streams)} {streams === 1 ? 'stream' : 'streams'}.{' '}
            {body.looked &&
              `Looked through ${count(body.looked.events)} events, from position ${body.looked.from} to ${body.looked.to}: others were not looked at.`}
          </p>
          <EventList events={body.events} label="Events of the correlation" correlates={false} />
          {body.looked && step < steps.length - 1 && (
            <button type="button" onClick={() => setStep(step + 1)}>
              Search further, among {count(steps[step + 1] ?? 0)} events
            </button>
          )}
          {body.looked && <IndexHint index={body.index} property="correlationId" />}
        </>
      )}
    </>
  );
}
