import { once } from 'node:events';
import type { Backstory, RelayDefinition } from '../backstory/index.js';
import { InvalidOptionsError } from '../errors.js';
import { behindInWords } from './behind-in-words.js';
import { type CommandInput, positiveInteger, print } from './cli.js';
import { RelayWatch } from './relay-watch.js';
import { namedPublisher } from './named-publisher.js';

/** Runs a relay in this process: until it is told to end, or has published all that is there now. */
export async function publishUntilEnd(
  backstory: Backstory,
  name: string,
  input: CommandInput,
): Promise<0 | 2> {
  const { options } = input;
  if (options.app) {
    throw new InvalidOptionsError(
      'relay publish runs without the application, whose own consumers would start with it.',
      'Name the DataSource: --data-source dist/data-source.js.',
    );
  }
  const { category, from } = options as { category?: string[]; from?: RelayDefinition['from'] };
  await requireCategories(backstory, category ?? []);
  const { consumers } = backstory;
  const publisher = await namedPublisher(options);
  if (options['plainText'] !== true) await backstory.keys.requireNone();
  const readable = options['plainText'] === true ? [] : backstory.keys.readable();
  const known = (await consumers.list({ due: false })).filter((consumer) => consumer.name === name).length;
  const isNew = known === 0;
  const asked = options['partitions'];
  const partitions = asked === undefined ? known || 1 : positiveInteger(asked, '--partitions');
  consumers.relay({
    name,
    publisher,
    partitions,
    ...(category && { filter: { categories: category } }),
    ...(from && { from }),
    includeBackfill: options['includeBackfill'] === true,
  });
  const end = new AbortController();
  const told = Promise.race(
    ['SIGINT', 'SIGTERM'].map((signal) => once(process, signal, { signal: end.signal })),
  );
  told.catch(() => undefined);
  let watching: Promise<void> | undefined;
  await consumers.start();
  try {
    input.terminal.stderr.write(
      `"${name}" publishes; "npx backstory relay" shows how far it is.\n` +
        (isNew && (from ?? 'now') === 'now'
          ? 'It is new, and begins with what is written from now on. With earlier events: --from beginning, under another name.\n'
          : '') +
        (readable.length > 0
          ? `What is personal of ${readable.join(', ')} is published as it is. To encrypt it, name a file whose options have encryption: --config.\n`
          : ''),
    );
    const say = (line: string): void => void input.terminal.stderr.write(`${line}\n`);
    const watch = new RelayWatch(name, say, options['untilCaughtUp'] !== true);
    watching = watch.watch(() => consumers.list({ due: false }), end.signal);
    const wait = { timeoutMs: Infinity, signal: end.signal };
    const caughtUp = options['untilCaughtUp']
      ? consumers.wait(name, undefined, wait)
      : new Promise<void>(() => undefined);
    caughtUp.catch(() => undefined);
    await Promise.race([told, caughtUp]);
  } finally {
    end.abort();
    await watching;
    await consumers.stop();
  }
  const status = (await consumers.list()).filter((consumer) => consumer.name === name);
  // of each partition the same
  const parked = status[0]?.parked ?? 0;
  print(
    input,
    status,
    () =>
      status
        .map((each) => `"${name}" is at ${each.position}, ${behindInWords(each)} events behind.\n`)
        .join('') +
      (parked > 0
        ? `${parked} events could not be published and are parked: npx backstory relay parked ${name}\n`
        : ''),
  );
  return parked > 0 ? 2 : 0;
}

/** Of a category that nobody has, nothing would ever be published. @throws InvalidOptionsError */
async function requireCategories(backstory: Backstory, named: readonly string[]): Promise<void> {
  const known = new Set(await backstory.topics());
  for (const { category } of await backstory.status({ newest: 0 })) known.add(category);
  const unknown = named.find((category) => !known.has(category));
  if (unknown === undefined) return;
  throw new InvalidOptionsError(
    `--category ${unknown}: nothing is captured or appended under this category.`,
    `Use one of: ${[...known].sort().join(', ')}.`,
  );
}
