import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { type Answer, ask, Refusal } from './api.js';

export interface Polled<Body> {
  /** The last answer; kept while later ones fail. */
  readonly body: Body | undefined;
  readonly problem: string | undefined;
  /** Whether nothing was answered at all, as opposed to a refusal. */
  readonly lost: boolean;
  /** When it was last answered. */
  readonly at: number | undefined;
  readonly refresh: () => void;
}

const longestPauseMs = 30_000;

/**
 * Asks an address, and again every few seconds while the page can be seen; more and more rarely while that fails. `following` gives another
 * address for the looks behind the first, by what the last one has answered. Null for `everyMs`: asks once.
 */
export function usePolled<Body>(
  url: string | null,
  everyMs: number | null = 2_000,
  following?: (last: Body) => string,
): Polled<Body> {
  const [state, setState] = useState<Omit<Polled<Body>, 'refresh'> & { url: string | null }>(nothing(url));
  const again = useRef<() => void>(() => undefined);
  useEffect(() => {
    if (url === null) return setState(nothing(null));
    let ended = false;
    let timer = 0;
    let failures = 0;
    let asked = 0;
    let known: Answer<Body> | undefined;
    const look = async (): Promise<void> => {
      const turn = ++asked;
      clearTimeout(timer);
      try {
        const answer = await ask<Body>(known && following ? following(known.body) : url, known);
        if (ended || turn !== asked) return;
        known = answer;
        failures = 0;
        setState({ url, body: answer.body, problem: undefined, lost: false, at: Date.now() });
      } catch (error) {
        if (ended || turn !== asked) return;
        failures++;
        const lost = !(error instanceof Refusal);
        setState((before) => ({ ...before, url, problem: (error as Error).message, lost }));
      }
      const pause = failures === 0 ? everyMs : Math.min(1_000 * 2 ** failures, longestPauseMs);
      if (!document.hidden && pause !== null) timer = window.setTimeout(() => void look(), pause);
    };
    const onVisibility = (): void => void (document.hidden || (everyMs === null && known) || look());
    again.current = () => void look();
    document.addEventListener('visibilitychange', onVisibility);
    void look();
    return () => {
      ended = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', onVisibility);
    };
  }, [url, everyMs]);
  const refresh = useCallback(() => again.current(), []);
  // what belongs to another address is not shown beside this one
  return { ...(state.url === url ? state : nothing<Body>(url)), refresh };
}

function nothing<Body>(url: string | null): Omit<Polled<Body>, 'refresh'> & { url: string | null } {
  return { url, body: undefined, problem: undefined, lost: false, at: undefined };
}
