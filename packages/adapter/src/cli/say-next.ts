import type { CommandInput } from './command-run.js';

/** The command that makes sense now, on stderr: for people, of one application. */
export function sayNext(input: CommandInput, command: string, why = ''): void {
  say(input, `npx backstory ${command}${why === '' ? '' : `   (${why})`}`);
}

/** After a dry run that would have done something. */
export function sayWithoutDryRun(input: CommandInput): void {
  say(input, 'the same command without --dry-run');
}

function say({ terminal, options }: CommandInput, next: string): void {
  const isOfTenants = (options.tenants ?? options.tenantsQuery ?? options.allTenants) !== undefined;
  if (!options.json && !isOfTenants) terminal.stderr.write(`Next: ${next}\n`);
}
