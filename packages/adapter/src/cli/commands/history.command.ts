import type { Command } from 'commander';
import type { RecordedEvent } from '../../event/index.js';
import { type Cli, type CommandRun, print, shown } from '../cli.js';

export function historyCommand(program: Command, cli: Cli): void {
  program
    .command('history')
    .argument('<aggregate>', 'category or entity')
    .argument('<id>', 'its primary key; parts of a composite key joined by ":"')
    .description('the events of one entity, newest last')
    .action(cli.action(history));
}

const history: CommandRun = async (backstory, input) => {
  const [aggregate, id] = input.args as [string, string];
  const events = await backstory.history(aggregate, id);
  print(input, events, () => events.map(inWords).join('') || `${aggregate}-${id} has no events.\n`);
  return 0;
};

function inWords({ streamPosition, recordedAt, type, data, metadata }: RecordedEvent): string {
  const values = Object.entries(data).map(([name, value]) => `     ${name}: ${shown(value)}\n`);
  return `${streamPosition}  ${recordedAt.toISOString()}  ${type}  ${metadata.actor ?? metadata.origin}\n${values.join('')}`;
}
