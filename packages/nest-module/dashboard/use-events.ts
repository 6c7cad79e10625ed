import { useEffect, useState } from 'preact/hooks';
import type { EventsAnswer, ListedAnswer } from './answers.js';
import { address, ask } from './api.js';
import type { Chosen } from './route.js';
import { type Polled, usePolled } from './use-polled.js';

/** What was found so far, newest first. */
interface Found extends Pick<EventsAnswer, 'complete' | 'next' | 'indexes'> {
  readonly url: string;
  readonly events: readonly ListedAnswer[];
  /** How many events were looked at for it, from the newest one when it was begun. */
  readonly looked: number;
  /** The last page was full: what is further back was not looked at for want of room. */
  readonly full: boolean;
}

export interface Events {
  readonly found: Found | undefined;
  readonly polled: Polled<EventsAnswer>;
  /** Why what is further back could not be asked for. */
  readonly problem: string;
  readonly more: () => Promise<void>;
}

/** Positions that are asked for again: whoever writes at the same time may commit in another order. */
const again = 1_000;
/** More than these are not kept while one looks on: what is further back is asked for again. */
const most = 1_000;
const pageSize = 50;

/** The events that match, those that come while one looks, and on request those further back. */
export function useEvents(search: Chosen, live: boolean): Events {
  const url = address('events', search);
  const polled = usePolled<EventsAnswer>(url, live ? 2_000 : null, ({ newest }) =>
    address('events', { ...search, after: Math.max(Number(newest) - again, 0) }),
  );
  const [found, setFound] = useState<Found>();
  const [problem, setProblem] = useState('');
  const { body } = polled;
  useEffect(() => {
    if (body) setFound((before) => withNewer(before?.url === url ? before : undefined, body, url));
  }, [body, url]);
  const shown = found?.url === url ? found : undefined;
  const more = async (): Promise<void> => {
    if (!shown) return;
    try {
      const { body: page } = await ask<EventsAnswer>(address('events', { ...search, before: shown.next }));
      setFound((now) => (now?.url === url ? withOlder(now, page) : now));
      setProblem('');
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  return { found: shown, polled, problem, more };
}

function withNewer(before: Found | undefined, page: EventsAnswer, url: string): Found {
  const known = new Set(before?.events.map(({ globalPosition }) => globalPosition));
  const meets = page.complete || page.events.some(({ globalPosition }) => known.has(globalPosition));
  if (!before || !meets) return { ...page, url, full: page.events.length === pageSize };
  const fresh = page.events.filter(({ globalPosition }) => !known.has(globalPosition));
  if (fresh.length === 0) return before;
  const events = [...fresh, ...before.events].sort(byPosition);
  if (events.length <= most) return { ...before, events };
  const kept = events.slice(0, most);
  return { ...before, events: kept, complete: false, full: true, next: kept.at(-1)?.globalPosition ?? null };
}

function withOlder(now: Found, page: EventsAnswer): Found {
  const known = new Set(now.events.map(({ globalPosition }) => globalPosition));
  const older = page.events.filter(({ globalPosition }) => !known.has(globalPosition));
  const { complete, next } = page;
  return {
    ...now,
    events: [...now.events, ...older],
    looked: now.looked + page.looked,
    full: page.events.length === pageSize,
    complete,
    next,
  };
}

/** They may be larger than a number can be exactly. */
function byPosition(one: ListedAnswer, other: ListedAnswer): number {
  return BigInt(one.globalPosition) < BigInt(other.globalPosition) ? 1 : -1;
}
