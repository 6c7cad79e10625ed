import type { Command } from 'commander';
import type { EventData, RecordedEvent } from '../../event/index.js';
import type { HistoryOptions, ReadStreamOptions } from '../../event-store/index.js';
import { InvalidOptionsError } from '../../errors.js';
import { type Cli, type CommandInput, type CommandRun, positiveInteger, print, shown } from '../cli.js';
import { examples } from '../examples.js';
import { moment } from '../moment.js';

const lines = [
  ['history order 42', 'its events, newest last'],
  ['history order 42 --as-of 2026-01-31T12:00:00Z --state', 'what it was then'],
  ['history order 42 --from /lake/shop', 'its events as the files of an export have them'],
  ['history order 42 --version 3 --json', 'the first three, for a program'],
] as const;

export function historyCommand(program: Command, cli: Cli): void {
  program
    .command('history')
    .argument('<aggregate>', 'category or entity')
    .argument('<id>', 'its primary key; parts of a composite key joined by ":"')
    .option('--version <n>', 'up to this position')
    .option('--as-of <date>', 'up to this moment')
    .option('--after <n>', 'behind this position')
    .option('--last <n>', 'so many of the newest ones at most')
    .option('--from <folder>', 'out of the files of an export, not the log')
    .option('--state', 'what these events come to, instead of the events')
    .description('the events of one entity, newest last')
    .addHelpText('after', examples(lines))
    .action(
      cli.action(
        (backstory, input) => (input.options['state'] ? state : history)(backstory, input),
        'check',
        { ofOneTenant: true },
      ),
    );
}

const history: CommandRun = async (backstory, input) => {
  const [aggregate, id] = input.args as [string, string];
  const events = await eventsOf(backstory, input);
  print(input, events, () => events.map(inWords).join('') || noEvents(aggregate, id));
  const [first] = events;
  const { after } = section(input);
  if (
    first &&
    first.streamPosition > (after ?? 0) + 1 &&
    !input.options.json &&
    input.options['last'] !== undefined
  )
    input.terminal.stderr.write(
      `There are older events, up to position ${first.streamPosition - 1}: leave --last out, or add --version ${first.streamPosition - 1}.\n`,
    );
  return 0;
};

const state: CommandRun = async (backstory, input) => {
  const [given] = Object.keys(section(input));
  if (given) {
    throw new InvalidOptionsError(
      `--${given} is for the events, and --state comes from all of them.`,
      'Leave one out.',
    );
  }
  const [aggregate, id] = input.args as [string, string];
  const { from } = input.options;
  const replayed =
    typeof from === 'string'
      ? await backstory.files.state(from, aggregate, id, until(input))
      : await backstory.state(aggregate, id, until(input));
  print(input, replayed, () => {
    if (replayed.position === 0) return noEvents(aggregate, id);
    if (!replayed.state) return `${replayed.position}  ${aggregate}-${id} is deleted.\n`;
    return `${replayed.position}  ${aggregate}-${id}\n${values(replayed.state)}`;
  });
  return 0;
};

/** Of the files of an export up to where it goes, which is said. */
async function eventsOf(
  backstory: Parameters<CommandRun>[0],
  input: CommandInput,
): Promise<readonly RecordedEvent[]> {
  const [aggregate, id] = input.args as [string, string];
  const { from } = input.options;
  const { after = 0, last } = section(input);
  if (typeof from !== 'string')
    return backstory.history(aggregate, id, { ...until(input), ...section(input) });
  const { events, to, readAt } = await backstory.files.history(from, aggregate, id, until(input));
  if (!input.options.json)
    input.terminal.stderr.write(
      `The export goes up to position ${to} of the log, read at ${readAt ?? 'no time yet'}: it has nothing of what came later.\n`,
    );
  const found = events.filter(({ streamPosition }) => streamPosition > after);
  return last === undefined ? found : found.slice(-last);
}

function until({ options: { version, asOf } }: CommandInput): ReadStreamOptions {
  return {
    ...(version !== undefined && { version: positiveInteger(version, '--version') }),
    ...(asOf !== undefined && { asOf: moment(asOf) }),
  };
}

function section({ options: { after, last } }: CommandInput): Pick<HistoryOptions, 'after' | 'last'> {
  return {
    ...(after !== undefined && { after: positiveInteger(after, '--after') }),
    ...(last !== undefined && { last: positiveInteger(last, '--last') }),
  };
}

function noEvents(aggregate: string, id: string): string {
  return `${aggregate}-${id} has no events.\n`;
}

function inWords({ streamPosition, recordedAt, type, data, metadata }: RecordedEvent): string {
  const actor = metadata.actor === undefined ? '' : `  by ${metadata.actor}`;
  return `${streamPosition}  ${recordedAt.toISOString()}  ${type}  origin ${metadata.origin}${actor}\n${values(data)}`;
}

function values(data: EventData): string {
  return Object.entries(data)
    .map(([name, value]) => `     ${name}: ${shown(value)}\n`)
    .join('');
}
