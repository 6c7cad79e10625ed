import type { Command } from 'commander';
import type { Finding } from '../../admin/index.js';
import { tenantDoctor } from '../../doctor/index.js';
import { type Cli, type CommandInput, type ExitCode, print } from '../cli.js';
import { coloured } from '../colours.js';
import { examples } from '../examples.js';
import { eachTenant } from '../for-tenants.js';
import { findings, withDataSource } from '../open-backstory.js';
import { InvalidOptionsError } from '../../errors.js';
import { openTenants } from '../open-tenants.js';
import { supportReport } from '../support-report.js';
import type { Terminal } from '../terminal.js';
import { poolDatabase, poolOf } from '../../connections/index.js';

const lines = [
  ['doctor --data-source dist/data-source.js', 'faults and hints, with what mends each'],
  ['doctor --tenants acme,globex --data-source dist/data-source.js', 'one report for each tenant'],
  ['doctor --app dist/app.module.js --json', 'for a deployment that stops at exit code 2'],
  ['doctor --report --data-source dist/data-source.js', 'what an issue about Backstory needs, without data'],
] as const;

export function doctorCommand(program: Command, cli: Cli): void {
  program
    .command('doctor')
    .description(
      'what is wrong with entities, tables, triggers, rights and the last proofs, and what mends it; exit code 2 for a fault',
    )
    .option('--report', 'versions, settings and findings as Markdown for an issue; nothing of rows or events')
    .addHelpText(
      'after',
      examples(lines, 'Looks at catalogues and at the last proofs, never at rows; changes nothing.'),
    )
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CommandInput['options']>();
      const input: CommandInput = { terminal: cli.terminal, options, args: [] };
      if (options['report'] === true) {
        cli.exitCode = await report(input);
        return;
      }
      const tenants = await openTenants(options);
      cli.exitCode = tenants
        ? await eachTenant(tenants, input, async (tenant, own) =>
            say(
              own,
              await tenantDoctor(tenants.dataSource, tenant, {
                schema: tenants.historyOf(tenant),
                registry: tenants.registry,
                ...(await tenants.selectionOf(tenant)),
              }),
            ),
          )
        : say(input, await findings(options));
    });
}

async function report({ terminal, options }: CommandInput): Promise<ExitCode> {
  if (options.tenants ?? options.tenantsQuery ?? options.allTenants) {
    throw new InvalidOptionsError(
      'A report for an issue is about one history.',
      'Leave the tenants out, and name the schema of the history in question with --schema.',
    );
  }
  const found = await findings(options);
  const schema = options.schema ?? 'backstory';
  const text = await withDataSource(options, (dataSource) =>
    supportReport(poolDatabase(poolOf(dataSource)), { schema, found }),
  );
  terminal.stdout.write(text);
  return exitCodeOf(found);
}

function exitCodeOf(found: readonly Finding[]): ExitCode {
  return found.some(({ severity }) => severity === 'fault') ? 2 : 0;
}

function say(input: CommandInput, found: readonly Finding[]): ExitCode {
  print(
    input,
    found,
    () => found.map((finding) => inWords(finding, input.terminal)).join('') || 'All is well.\n',
  );
  return exitCodeOf(found);
}

function inWords({ severity, aggregate, problem, remedy }: Finding, { stdout }: Terminal): string {
  const shown = coloured(stdout, severity === 'fault' ? 'red' : 'yellow', severity.padEnd(5));
  return `${shown}  ${aggregate ? `${aggregate}: ` : ''}${problem}\n       What to do: ${remedy}\n`;
}
