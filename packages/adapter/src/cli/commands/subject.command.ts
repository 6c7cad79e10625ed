import type { Command } from 'commander';
import { type Cli, type CommandRun, print } from '../cli.js';
import { examples } from '../examples.js';
import { stoppedInWords, stoppedOf } from '../stopped-in-words.js';
import { table } from '../terminal.js';
import { underWay } from '../under-way.js';
import { isWhole, unsearchedInWords } from '../unsearched-in-words.js';

const lines = [
  ['subject customer:42', 'in which streams there is something of the customer'],
  ['subject customer:42 --json', 'with all their events, for a request of access'],
] as const;

const more = `What can't be looked through is named with the reason, and the exit code is 2: then it isn't all. Topics are named, too.`;

export function subjectCommand(program: Command, cli: Cli): void {
  program
    .command('subject')
    .argument('<subject>', 'category and id, such as customer:42')
    .description("what the log holds on a person; exit code 2 where something can't be looked through")
    .addHelpText('after', examples(lines, more))
    .action(cli.action(subject));
}

const subject: CommandRun = async (backstory, input) => {
  const [name] = input.args as [string];
  const records = await underWay(input.terminal, 'subject', (following) =>
    backstory.erasure.subject(name, following),
  );
  const stopped = stoppedOf(records);
  const found = records.filter(({ unseen }) => unseen === undefined);
  print(input, { subject: name, streams: records }, () => {
    const streams = table(
      ['stream', 'events', 'holds'],
      found.map(({ category, streamId, events, holds }) => [
        `${category}-${streamId}`,
        events.length,
        { own: 'its own', root: 'names it', parts: 'parts name it', unknown: '' }[holds],
      ]),
    );
    const nothing = stopped.length > 0 ? '' : 'The log has nothing of it.\n';
    return (
      (found.length === 0 ? nothing : streams) +
      unsearchedInWords(records) +
      stoppedInWords(stopped, 'There may be more; the same command begins anew.')
    );
  });
  if (stopped.length > 0) return 1;
  return isWhole(records) ? 0 : 2;
};
