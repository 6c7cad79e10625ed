import { Argument, type Command } from 'commander';
import type { Cli } from '../cli.js';
import { completionScript, type Shell, shells } from '../completion-script.js';
import { examples } from '../examples.js';

const lines = [
  ['completion bash >> ~/.bashrc', 'for every shell from now on'],
  ['completion zsh > ~/.zfunc/_backstory', 'into a folder of $fpath'],
  ['completion fish > ~/.config/fish/completions/backstory.fish', 'fish finds it there'],
] as const;

export function completionCommand(program: Command, cli: Cli): void {
  program
    .command('completion')
    .addArgument(new Argument('<shell>', 'the shell that shall complete').choices(shells))
    .description('print a script that completes commands and options, for a "backstory" in the PATH')
    .addHelpText('after', examples(lines))
    .action((shell: Shell) => void cli.terminal.stdout.write(completionScript(program, shell)));
}
