import type { Command } from 'commander';
import type { Finding } from '../../admin/index.js';
import { type Cli, type CommandInput, print } from '../cli.js';
import { findings } from '../open-backstory.js';

export function doctorCommand(program: Command, cli: Cli): void {
  program
    .command('doctor')
    .description(
      'what differs between entities, tables and triggers, and what mends it; exit code 2 for a fault',
    )
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CommandInput['options']>();
      const found = await findings(options);
      print(
        { terminal: cli.terminal, options, args: [] },
        found,
        () => found.map(inWords).join('') || 'All is well.\n',
      );
      cli.exitCode = found.some(({ severity }) => severity === 'fault') ? 2 : 0;
    });
}

function inWords({ severity, aggregate, problem, remedy }: Finding): string {
  return `${severity.padEnd(5)}  ${aggregate ? `${aggregate}: ` : ''}${problem}\n       What to do: ${remedy}\n`;
}
