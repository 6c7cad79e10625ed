import type { TrafficRoute } from './traffic-route.js';

export const jobRoutes: TrafficRoute[] = [
  { method: 'GET', route: '/jobs', weight: 1, request: () => ({ path: '/jobs' }) },
  {
    method: 'POST',
    route: '/jobs',
    weight: 2,
    request: (_known, random) => ({
      path: '/jobs',
      body: { job: 'send-mail', number: random.integer(1, 1_000) },
    }),
  },
  { method: 'POST', route: '/jobs/work', weight: 2, request: () => ({ path: '/jobs/work' }) },
  {
    method: 'POST',
    route: '/maintenance/nightly',
    weight: 0.2,
    request: () => ({ path: '/maintenance/nightly', body: { draftsOlderThanDays: 365 } }),
  },
];
