import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { type Cli, type CommandRun, positiveInteger, print } from '../cli.js';
import { InvalidOptionsError } from '../../errors.js';
import { examples } from '../examples.js';
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
  let done = false;
  while (input.options['wait'] !== false && !done && Date.now() < end) {
    await sleep(200);
    done = await consumers.rebuilt(projection);
  }
  print(input, { projection, ...generations, done }, () =>
    done
      ? `${projection}: generation ${generations.next} is live.\n`
      : `${projection}: generation ${generations.next} is being built; "npx backstory relay" shows how far it is.\n`,
  );
  return done || input.options['wait'] === false ? 0 : 1;
};
