import type { Command } from 'commander';
import { type Cli, type CommandRun, print } from '../cli.js';

export function installCommand(program: Command, cli: Cli): void {
  program
    .command('install')
    .description("create or upgrade Backstory's tables and capture triggers")
    .action(cli.action(install, 'auto'));
}

/** Opening the application has installed what was missing. */
const install: CommandRun = async (backstory, input) => {
  const captured = (await backstory.status())
    .filter(({ stage }) => stage !== 'off')
    .map(({ category }) => category);
  print(input, { captured }, () => `Installed. Captured: ${captured.join(', ') || 'nothing'}.\n`);
  return 0;
};
