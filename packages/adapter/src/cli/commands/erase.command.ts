import type { Command } from 'commander';
import type { ErasureReport } from '../../erasure/index.js';
import { InvalidOptionsError } from '../../errors.js';
import { attribution, type Cli, type CommandRun, print } from '../cli.js';
import { examples } from '../examples.js';
import { sayWithoutDryRun } from '../say-next.js';
import { stoppedInWords, stoppedOf } from '../stopped-in-words.js';
import { underWay } from '../under-way.js';
import { isWhole, unsearchedInWords } from '../unsearched-in-words.js';

const lines = [
  ['erase customer 42 --dry-run', 'what would be erased, and what its row still holds'],
  ['erase customer 42 --properties name email --by anna --reason "request 7"', 'erase two properties'],
  ['erase --subject customer:42 --by anna', 'what is personal, wherever the customer is named'],
] as const;

const more = `The values become null in every event, also archived ones, and can't be brought back. The rows of the application stay
as they are: erase or delete them there. Interrupted or repeated, it erases what is left. What can't be looked through is named with the
reason, and the exit code is 2: then the request isn't done. Topics are named, too: erase their streams by name.`;

export function eraseCommand(program: Command, cli: Cli): void {
  program
    .command('erase')
    .argument('[aggregate]', 'category or entity')
    .argument('[id]', 'its primary key; parts of a composite key joined by ":"')
    .option('--subject <subject>', 'instead: everybody and everything that names it, such as customer:42')
    .option('--properties <names...>', 'only these; without it all but keys')
    .option('--actor', 'erase who made the changes, too')
    .option('--dry-run', 'only say what would be erased')
    .option('--by <name>', 'who does it')
    .option('--reason <text>', 'why')
    .description(
      "erase values from the events of an entity, or of a person; exit code 2 where something can't be looked through",
    )
    .addHelpText('after', examples(lines, more))
    .action(cli.action(erase));
}

const erase: CommandRun = async (backstory, input) => {
  const { options, args } = input;
  const [aggregate, id] = args as [string?, string?];
  const { subject, properties } = options;
  const common = {
    actor: options['actor'] === true,
    dryRun: options['dryRun'] === true,
    ...attribution(options),
  };
  let reports: ErasureReport[];
  if (typeof subject === 'string') {
    if (aggregate !== undefined || properties !== undefined) {
      throw new InvalidOptionsError(
        '--subject says whose data, and the aggregates say which: nothing else can be named beside it.',
        'Leave out the aggregate and --properties, or leave out --subject.',
      );
    }
    reports = await underWay(input.terminal, 'erase', (following) =>
      backstory.erasure.eraseSubject(subject, { ...common, ...following }),
    );
  } else {
    if (aggregate === undefined || id === undefined) {
      throw new InvalidOptionsError(
        'erase needs an aggregate and an id, or a subject.',
        'Call it as: npx backstory erase customer 42, or --subject customer:42.',
      );
    }
    const chosen = Array.isArray(properties) ? { properties: properties as string[] } : {};
    reports = [await backstory.erase(aggregate, id, { ...common, ...chosen })];
  }
  const stopped = stoppedOf(reports);
  const done = reports.filter(({ unseen }) => unseen === undefined);
  print(
    input,
    reports,
    () =>
      (done.map(inWords).join('') || 'Nothing was erased.\n') +
      unsearchedInWords(reports) +
      stoppedInWords(stopped, 'The request is not done: the same command goes on with what is left.'),
  );
  if (stopped.length > 0) return 1;
  if (common.dryRun && done.some(({ events }) => events > 0)) sayWithoutDryRun(input);
  return isWhole(reports) ? 0 : 2;
};

function inWords({
  category,
  streamId,
  events,
  properties,
  stillInTable,
  keysDestroyed,
  dryRun,
}: ErasureReport): string {
  const stream = `${category}-${streamId}`;
  const what = properties.length > 0 ? properties.join(', ') : 'actors';
  const done =
    events === 0
      ? `${stream}: nothing to erase.\n`
      : `${stream}: ${dryRun ? 'would erase' : 'erased'} ${what} in ${events} ${events === 1 ? 'event' : 'events'}.\n`;
  const left =
    stillInTable.length > 0
      ? `  Its rows still hold ${stillInTable.join(', ')}: they are the application's.\n`
      : '';
  const keys =
    keysDestroyed.length > 0
      ? `  Keys destroyed: ${keysDestroyed.join(', ')}. What relays have encrypted for them can't be read any more.\n`
      : '';
  return done + left + keys;
}
