import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Random, seededRandom } from '../random/seeded-random.js';
import { catalogRoutes } from './catalog-routes.js';
import { customerRoutes } from './customer-routes.js';
import { jobRoutes } from './job-routes.js';
import { KnownRows } from './known-rows.js';
import { marketingRoutes } from './marketing-routes.js';
import { orderRoutes } from './order-routes.js';
import { TrafficLog, type TrafficReport } from './traffic-report.js';
import type { TrafficRequest, TrafficRoute } from './traffic-route.js';

export interface TrafficOptions {
  seed?: number;
  /** How many requests are on their way at the same time, at most. */
  concurrency?: number;
  /** Over all; as fast as the shop answers when left out. */
  ratePerSecond?: number;
}

export interface Traffic {
  /** What came of it so far. */
  report(): TrafficReport;
  /** Waits for the requests that are on their way. */
  stop(): Promise<TrafficReport>;
}

export const routes: readonly TrafficRoute[] = [
  ...customerRoutes,
  ...catalogRoutes,
  ...orderRoutes,
  ...marketingRoutes,
  ...jobRoutes,
];

/** Calls all routes of the shop at random until it is stopped. */
export function startTraffic(
  baseUrl: string,
  { seed = 1, concurrency = 4, ratePerSecond = Infinity }: TrafficOptions = {},
): Traffic {
  const known = new KnownRows();
  const log = new TrafficLog();
  const stopping = new AbortController();
  // One for each worker that waits for its turn.
  setMaxListeners(concurrency, stopping.signal);
  const salt = `${Date.now().toString(36)}-`;
  let nextStart = performance.now();

  const turn = async (): Promise<void> => {
    const start = Math.max(nextStart, performance.now());
    nextStart = start + 1000 / ratePerSecond;
    await sleep(start - performance.now(), undefined, { signal: stopping.signal }).catch(() => undefined);
  };

  const call = async ({ method, route }: TrafficRoute, request: TrafficRequest): Promise<void> => {
    const name = `${method} ${route}`;
    const startedAt = performance.now();
    try {
      const answer = await fetch(baseUrl + request.path, {
        method,
        headers: { 'content-type': 'application/json' },
        body: request.body === undefined ? undefined : JSON.stringify(request.body),
        signal: AbortSignal.timeout(60_000),
      });
      const text = await answer.text();
      const milliseconds = performance.now() - startedAt;
      if (answer.ok || answer.status === 404 || answer.status === 409) {
        log.answered(name, milliseconds, answer.status);
        if (answer.ok) request.learn?.(text === '' ? undefined : JSON.parse(text));
      } else {
        log.failed({ route: name, status: answer.status, message: text }, milliseconds);
      }
    } catch (error) {
      log.failed({ route: name, message: String(error) }, performance.now() - startedAt);
    }
  };

  const discover = async (random: Random): Promise<void> => {
    for (const path of ['/customers', '/products', '/orders', '/coupons']) {
      const list = routes.find(({ method, route }) => method === 'GET' && route === path)!;
      await call(list, list.request(known, random)!);
    }
  };

  const work = async (random: Random): Promise<void> => {
    while (!stopping.signal.aborted) {
      await turn();
      const route = pickByWeight(random);
      const request = route.request(known, random);
      if (request && !stopping.signal.aborted) {
        await call(route, request);
      }
    }
  };

  const finished = discover(seededRandom(seed)).then(() =>
    Promise.all(
      Array.from({ length: concurrency }, (_, worker) =>
        work(seededRandom(seed * 1_000 + worker, `${salt}${worker}-`)),
      ),
    ),
  );

  return {
    report: () => log.report(),
    stop: async () => {
      stopping.abort();
      await finished;
      return log.report();
    },
  };
}

const totalWeight = routes.reduce((total, { weight }) => total + weight, 0);

function pickByWeight(random: Random): TrafficRoute {
  let left = random.next() * totalWeight;
  return routes.find(({ weight }) => (left -= weight) < 0) ?? routes[0]!;
}
