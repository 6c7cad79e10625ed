import { setImmediate as nextTurn } from 'node:timers/promises';
import { natsPublisher } from '@backstory/adapter/nats';
import { contractEvent } from '../../../packages/adapter/src/testing/contracts/contract-events.js';

/**
 * Publishes until it is told to stop, closes the publisher, says what the process still waits for, and ends by itself when that is over.
 * It is told by messages: 'publish' once more, 'close', or 'stop', which is to close in the middle of it.
 */
const [, , url, subject] = process.argv as [string, string, string, string];
const publisher = natsPublisher({ url, source: '/shop', subject: () => subject, timeoutMs: 500 });
let position = 0;

async function hear(word: unknown): Promise<void> {
  if (word === 'publish') {
    const events = [contractEvent('closing', ++position)];
    const outcome = await publisher.publish(events, new AbortController().signal).then(
      () => 'published',
      (error: Error) => error.message.split('\n')[0],
    );
    return void process.send?.({ outcome });
  }
  if (word === 'stop') {
    // as a relay does that is stopped while the broker hangs
    const stop = new AbortController();
    const under = publisher
      .publish([contractEvent('closing', ++position)], stop.signal)
      .catch(() => undefined);
    stop.abort();
    await under;
  }
  await publisher.close?.();
  // sockets that were destroyed are closed in the next turn
  for (let turns = 0; turns < 3; turns++) await nextTurn();
  const open = process.getActiveResourcesInfo().filter((name) => /Timeout|TCP|TLS|GetAddrInfo/.test(name));
  // without its channel nothing but what is left over keeps the process alive
  process.send?.({ open }, () => process.disconnect());
}

process.on('message', (word) => void hear(word));
