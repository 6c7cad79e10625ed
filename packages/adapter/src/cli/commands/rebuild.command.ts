import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { type Cli, type CommandRun, positiveInteger, print } from '../cli.js';
import { examples } from '../examples.js';

const lines = [
  ['rebuild order-totals', 'and wait until the new one is live'],
  ['rebuild order-totals --no-wait', 'ask for it, and leave'],
  ['rebuild order-totals --dry-run', 'whether one is under way'],
] as const;

export function rebuildCommand(program: Command, cli: Cli): void {
  program
    .command('rebuild')
    .argument('<projection>')
    .option('--dry-run', 'say whether one is under way, ask for nothing')
    .option('--no-wait', 'ask for it, and leave')
    .option('--timeout <seconds>', 'stop waiting after this time; the rebuild goes on', '3600')
    .description(
      'build a projection anew beside the live one, and change over: done by the running application',
    )
    .addHelpText('after', examples(lines))
    .action(cli.action(rebuild, 'check', { ofOneTenant: true }));
}

const rebuild: CommandRun = async (backstory, input) => {
  const [projection] = input.args as [string];
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
