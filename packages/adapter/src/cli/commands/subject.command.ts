import type { Command } from 'commander';
import { type Cli, type CommandRun, print } from '../cli.js';
import { examples } from '../examples.js';
import { table } from '../terminal.js';

const lines = [
  ['subject customer:42', 'in which streams there is something of the customer'],
  ['subject customer:42 --json', 'with all their events, for a request of access'],
] as const;

export function subjectCommand(program: Command, cli: Cli): void {
  program
    .command('subject')
    .argument('<subject>', 'category and id, such as customer:42')
    .description('what the log holds on a person')
    .addHelpText('after', examples(lines))
    .action(cli.action(subject));
}

const subject: CommandRun = async (backstory, input) => {
  const [name] = input.args as [string];
  const records = await backstory.erasure.subject(name);
  print(input, { subject: name, streams: records }, () =>
    records.length === 0
      ? 'The log has nothing of it.\n'
      : table(
          ['stream', 'events', 'holds'],
          records.map(({ category, streamId, events, holds }) => [
            `${category}-${streamId}`,
            events.length,
            { own: 'its own', root: 'names it', parts: 'parts name it' }[holds],
          ]),
        ),
  );
  return 0;
};
