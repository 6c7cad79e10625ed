import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Backstory } from '../../backstory/index.js';
import type { Progress } from '../../observation/index.js';
import { type Cli, type CommandRun, positiveInteger, print } from '../cli.js';
import { InvalidOptionsError } from '../../errors.js';
import { examples } from '../examples.js';
import { underWay } from '../under-way.js';
import { rebuildTable } from './rebuild-table.js';

const lines = [
  ['rebuild order-totals', 'and wait until the new one is live'],
  ['rebuild order-totals --no-wait', 'ask for it, and leave'],
  ['rebuild order-totals --dry-run', 'whether one is under way'],
  ['rebuild --table order', 'write the rows of orders as their events have them, and verify'],
] as const;

export function rebuildCommand(program: Command, cli: Cli): void {
  program
    .command('rebuild')
    .argument('[projection]')
    .option(
      '--table <aggregate>',
      'the tables of an aggregate instead: rows that differ from their events are written',
    )
    .option('--dry-run', 'say whether one is under way, or how many rows would be written; ask for nothing')
    .option('--no-wait', 'ask for it, and leave')
    .option('--timeout <seconds>', 'stop waiting after this time; the rebuild goes on', '3600')
    .description(
      'build a projection anew beside the live one, and change over, done by the running application; or write a table from its events',
    )
    .addHelpText('after', examples(lines))
    .action(cli.action(rebuild, 'check', { ofOneTenant: true }));
}

const rebuild: CommandRun = async (backstory, input) => {
  const [projection] = input.args as [string | undefined];
  const isTable = input.options['table'] !== undefined;
  if (isTable === (projection !== undefined))
    throw new InvalidOptionsError(
      `${isTable ? 'Both' : 'Neither'} a projection ${isTable ? 'and' : 'nor'} a table is named.`,
      'Name one: rebuild order-totals, or rebuild --table order.',
    );
  if (projection === undefined) return rebuildTable(backstory, input);
  const { consumers } = backstory;
  if (input.options['dryRun']) {
    const free = await consumers.rebuilt(projection);
    print(input, { projection, done: free }, () =>
      free
        ? `${projection} would be built anew, beside the live generation.\n`
        : `${projection} is being built anew already; "npx backstory relay" shows how far it is.\n`,
    );
    return 0;
  }
  const generations = await consumers.rebuild(projection);
  const end = Date.now() + positiveInteger(input.options['timeout'], '--timeout') * 1000;
  const waits = input.options['wait'] !== false;
  const done = await underWay(input.terminal, 'rebuild', async ({ onProgress, signal }) => {
    let isLive = false;
    for (let round = 0; waits && !isLive && Date.now() < end && !signal.aborted; round++) {
      await sleep(200, undefined, { signal }).catch(() => undefined);
      isLive = await consumers.rebuilt(projection);
      if (!isLive && round % 5 === 0) onProgress(await howFar(backstory, projection, generations.next));
    }
    return isLive;
  });
  print(input, { projection, ...generations, done }, () =>
    done
      ? `${projection}: generation ${generations.next} is live.\n`
      : `${projection}: generation ${generations.next} is being built; "npx backstory relay" shows how far it is.\n`,
  );
  return done || !waits ? 0 : 1;
};

/** Of its slowest partition. */
async function howFar(backstory: Backstory, projection: string, generation: number): Promise<Progress> {
  const all = await backstory.consumers.list({ due: false });
  const partitions = all.filter(({ name }) => name === `${projection}@${generation}`);
  const slowest = partitions.sort((one, other) => other.lag - one.lag)[0];
  const done = Number(slowest?.position ?? 0);
  return {
    category: projection,
    done,
    unit: 'events',
    ...(slowest && { total: done + slowest.lag }),
  };
}
