import type { Command } from 'commander';
import { InvalidOptionsError } from '../../errors.js';
import { type InstallReport, installationPending } from '../../installing/index.js';
import { requireTenant, tenantDataSource } from '../../connections/index.js';
import { type Cli, type CommandInput, type CommandRun, print } from '../cli.js';
import { examples } from '../examples.js';
import { eachTenant } from '../for-tenants.js';
import { loggerOf } from '../logger-of.js';
import { pendingInstall } from '../open-backstory.js';
import { sayNext } from '../say-next.js';
import { openTenants } from '../open-tenants.js';

const lines = [
  ['install --data-source dist/data-source.js --dry-run', 'what is missing'],
  [
    'install --data-source dist/data-source.js --config backstory.config.js',
    'as "backstory init" has proposed',
  ],
  ['install --all-tenants --data-source dist/data-source.js', 'for every schema that has the tables'],
  ['install --app dist/app.module.js', 'as BackstoryModule says'],
] as const;

const more = `Run it again after a migration of captured tables.
Writers of a table wait for milliseconds while its triggers are made.`;

export function installCommand(program: Command, cli: Cli): void {
  program
    .command('install')
    .option('--dry-run', 'say what is missing, change nothing')
    .option('--narrow', 'capture what this application says and no more, not what other releases know')
    .description("create or upgrade Backstory's tables and capture triggers")
    .addHelpText('after', examples(lines, more))
    .action((...args: unknown[]) => {
      const options = (args.at(-1) as Command).optsWithGlobals<CommandInput['options']>();
      if (!options['dryRun']) return cli.action(install, 'auto')(...args);
      return dryRun(cli, { terminal: cli.terminal, options, args: [] });
    });
}

async function dryRun(cli: Cli, input: CommandInput): Promise<void> {
  const tenants = await openTenants(input.options);
  if (!tenants) return whatIsMissing(input);
  cli.exitCode = await eachTenant(tenants, input, async (tenant, own) => {
    await requireTenant(tenants.dataSource, tenant);
    const options = { ...(await tenants.selectionOf(tenant)), schema: tenants.historyOf(tenant) };
    say(own, await installationPending(tenantDataSource(tenants.dataSource, tenant), options));
    return 0;
  });
}

async function whatIsMissing(input: CommandInput): Promise<void> {
  if (input.options.app) {
    throw new InvalidOptionsError(
      'Booting the application installs what is missing: there is no --dry-run with --app.',
      'Name its data source with --data-source, or run "npx backstory doctor" after an install.',
    );
  }
  say(input, await pendingInstall(input.options, loggerOf(input.terminal)));
}

function say(
  input: CommandInput,
  { migrations, captured, withheld, unsaid }: InstallReport & { readonly unsaid?: readonly string[] },
): void {
  print(input, { migrations, captured, withheld, ...(unsaid && { unsaid }) }, () =>
    migrations.length + captured.length === 0
      ? `Nothing is missing${unsaid?.length ? ' of what is captured' : ''}.\n`
      : `Would run ${migrations.length} migrations of Backstory's own tables, and make the triggers of: ${captured.join(', ') || 'nothing'}.\n${leftOut(withheld)}`,
  );
}

function leftOut(withheld: readonly string[]): string {
  return withheld.length === 0
    ? ''
    : `Left out of events, because they look like secrets: ${withheld.join(', ')}.\n`;
}

/** Opening the application has installed what was missing. */
const install: CommandRun = async (backstory, input) => {
  if (input.options['narrow']) await backstory.install({ narrow: true });
  const on = (await backstory.status()).filter(({ stage }) => stage !== 'off');
  const captured = on.flatMap(({ category, unseen }) => (unseen === undefined ? category : []));
  const unseen = on.flatMap(({ category, unseen: reason }) =>
    reason === undefined ? [] : { category, reason },
  );
  print(
    input,
    { captured, unseen },
    () =>
      `Installed. Captured: ${captured.join(', ') || 'nothing'}.\n` +
      unseen
        .map(
          ({ category, reason }) =>
            `${category} is not: ${reason}. If it is to stay so: npx backstory stage ${category} off\n`,
        )
        .join(''),
  );
  if (on.some(({ backfill, unseen: reason }) => reason === undefined && !backfill?.completedAt))
    sayNext(input, 'backfill', 'first events of the rows that are there');
  return 0;
};
