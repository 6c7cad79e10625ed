import { setTimeout as sleep } from 'node:timers/promises';
import { startTraffic } from './start-traffic.js';

async function main(): Promise<void> {
  const baseUrl = process.argv[2] ?? `http://127.0.0.1:${process.env.PORT ?? 3000}`;
  const seconds = Number(process.env.SECONDS_OF_TRAFFIC ?? 10);
  const traffic = startTraffic(baseUrl, {
    concurrency: Number(process.env.CONCURRENCY ?? 8),
    ratePerSecond: Number(process.env.RATE_PER_SECOND ?? Infinity),
  });
  await sleep(seconds * 1000);
  const { byRoute, failures, ...sums } = await traffic.stop();
  console.table(
    Object.entries(byRoute).map(([route, { requests, refused, failures: failed, latencies }]) => ({
      route,
      requests,
      refused,
      failed,
      p50: latencies.p50.toFixed(1),
      p95: latencies.p95.toFixed(1),
    })),
  );
  console.log(sums);
  for (const failure of failures.slice(0, 20)) console.error(failure);
  process.exitCode = failures.length > 0 ? 1 : 0;
}

void main();
