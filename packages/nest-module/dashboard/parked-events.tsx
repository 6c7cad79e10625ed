import { useEffect, useRef, useState } from 'preact/hooks';
import type { ParkedAnswer } from './answers.js';
import { address, change } from './api.js';
import { Moment } from './moment-text.js';
import { type Decision, ReasonDialog } from './reason-dialog.js';
import { linkWith } from './route.js';
import { Trouble } from './trouble.js';
import { usePolled } from './use-polled.js';

interface ParkedStream {
  readonly category: string;
  readonly streamId: string;
  readonly events: ParkedAnswer[];
}

/** What a consumer could not handle, by stream: what stands behind a failure waits for it. */
export function ParkedEvents({
  consumer,
  asked,
  changes,
}: {
  consumer: string;
  asked: boolean;
  changes: boolean;
}) {
  const section = useRef<HTMLElement>(null);
  useEffect(() => {
    if (asked) section.current?.scrollIntoView();
  }, [asked]);
  const polled = usePolled<ParkedAnswer[]>(address('parked', { consumer }));
  const [decision, setDecision] = useState<Decision | null>(null);
  const { body = [], refresh } = polled;
  const streams = byStream(body);
  const retry = async (wish: object): Promise<void> => {
    await change('retry', { consumer, ...wish });
    refresh();
  };
  const discard = ({ category, streamId, events }: ParkedStream): void =>
    setDecision({
      title: `Discard what is parked of ${category}-${streamId}?`,
      explanation: (
        <p>
          {consumer} never gets {events.length === 1 ? 'this event' : 'these events'} of the stream. Who has
          discarded them, and why, is kept.
        </p>
      ),
      confirm: 'Discard',
      asksReason: true,
      decide: async (reason) => {
        await change('discard', { consumer, category, streamId, reason });
        refresh();
      },
    });
  return (
    <section aria-label={`Parked by ${consumer}`} ref={section}>
      <div class="section-head">
        <h2>Parked by {consumer}</h2>
        {changes && streams.length > 0 && (
          <button type="button" onClick={() => void retry({})}>
            Try all again
          </button>
        )}
      </div>
      <Trouble polled={polled} />
      <ul class="parked">
        {streams.map((stream) => {
          const { category, streamId, events } = stream;
          const asked = events.some((event) => event.retry);
          return (
            <li key={`${category} ${streamId}`}>
              <div>
                <a
                  href={linkWith(['stream', category, streamId], { event: events[0]?.globalPosition ?? '' })}
                >
                  {category}-{streamId}
                </a>{' '}
                <span class="more">
                  {events.length} {events.length === 1 ? 'event' : 'events'}, first at{' '}
                  {events[0]?.globalPosition}, {events[0]?.attempts}{' '}
                  {events[0]?.attempts === 1 ? 'attempt' : 'attempts'}, parked{' '}
                  <Moment at={events[0]?.parkedAt ?? ''} />
                </span>
                <p class="error">{events.find(({ error }) => error !== null)?.error}</p>
              </div>
              {changes && (
                <div class="actions">
                  <button type="button" disabled={asked} onClick={() => void retry({ category, streamId })}>
                    {asked ? 'Being tried…' : 'Try again'}
                  </button>
                  <button type="button" onClick={() => discard(stream)}>
                    Discard…
                  </button>
                </div>
              )}
            </li>
          );
        })}
      </ul>
      {body.length === 100 && <p class="more">The first 100 events.</p>}
      <ReasonDialog decision={decision} onClose={() => setDecision(null)} />
    </section>
  );
}

function byStream(parked: readonly ParkedAnswer[]): ParkedStream[] {
  const streams = new Map<string, ParkedStream>();
  for (const event of parked) {
    const { category, streamId } = event;
    const key = JSON.stringify([category, streamId]);
    const stream = streams.get(key) ?? { category, streamId, events: [] };
    stream.events.push(event);
    streams.set(key, stream);
  }
  return [...streams.values()];
}
