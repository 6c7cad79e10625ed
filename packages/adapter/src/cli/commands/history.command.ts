import type { Command } from 'commander';
import type { RecordedEvent } from '../../event/index.js';
import { InvalidOptionsError } from '../../errors.js';
import { type Cli, type CommandRun, positiveInteger, print, shown } from '../cli.js';

export function historyCommand(program: Command, cli: Cli): void {
  program
    .command('history')
    .argument('<aggregate>', 'category or entity')
    .argument('<id>', 'its primary key; parts of a composite key joined by ":"')
    .option('--version <n>', 'up to this position')
    .option('--as-of <date>', 'up to this moment')
    .description('the events of one entity, newest last')
    .action(cli.action(history));
}

const history: CommandRun = async (backstory, input) => {
  const [aggregate, id] = input.args as [string, string];
  const { version, asOf } = input.options;
  const events = await backstory.history(aggregate, id, {
    ...(version !== undefined && { version: positiveInteger(version, '--version') }),
    ...(asOf !== undefined && { asOf: moment(asOf) }),
  });
  print(input, events, () => events.map(inWords).join('') || `${aggregate}-${id} has no events.\n`);
  return 0;
};

function moment(value: unknown): Date {
  const text = typeof value === 'string' ? value : '';
  const date = new Date(text);
  if (!Number.isNaN(date.getTime())) return date;
  throw new InvalidOptionsError(`--as-of ${text} is no date.`, 'Give one, such as 2026-01-31T12:00:00Z.');
}

function inWords({ streamPosition, recordedAt, type, data, metadata }: RecordedEvent): string {
  const values = Object.entries(data).map(([name, value]) => `     ${name}: ${shown(value)}\n`);
  return `${streamPosition}  ${recordedAt.toISOString()}  ${type}  ${metadata.actor ?? metadata.origin}\n${values.join('')}`;
}
