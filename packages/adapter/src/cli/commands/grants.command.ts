import type { Command } from 'commander';
import { type GrantedRoles, grantsFor } from '../../admin/index.js';
import { InvalidOptionsError } from '../../errors.js';
import { poolDatabase, poolOf } from '../../connections/index.js';
import { type Cli, type CommandInput, print } from '../cli.js';
import { examples } from '../examples.js';
import { withDataSource } from '../open-backstory.js';

const lines = [
  ['grants --app shop --reader analyst --data-source dist/data-source.js', 'what would be run'],
  ['grants --app shop --apply --data-source dist/owner-data-source.js', 'run it'],
] as const;

const more = `Here --app is the role that the application connects as; the database is named with --data-source.
The application's role reads everything, and writes events by changing rows only. It starts with install: 'check'.
What installs, backfills, repairs and archives runs as the owner of Backstory's tables.
Run it again after an upgrade of Backstory: new tables and functions have no grants.`;

export function grantsCommand(program: Command, cli: Cli): void {
  program
    .command('grants')
    .option('--reader <role>', 'a role that only looks at the history')
    .option('--erase', 'the application may erase values of events, too')
    .option('--untracked', 'the application may delete rows without an event for each, too')
    .option('--encrypt', "the application's relays may make and use keys of subjects")
    .option('--apply', 'run the statements, in one transaction')
    .description("the rights that roles need in Backstory's schema, and no others")
    .addHelpText('after', examples(lines, more))
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CommandInput['options']>();
      await grants({ terminal: cli.terminal, options, args: [] });
    });
}

async function grants(input: CommandInput): Promise<void> {
  const { options } = input;
  const roles: GrantedRoles = {
    ...(options.app !== undefined && { app: options.app }),
    mayErase: options['erase'] === true,
    mayLeaveUntracked: options['untracked'] === true,
    mayEncrypt: options['encrypt'] === true,
    ...(typeof options['reader'] === 'string' && { reader: options['reader'] }),
  };
  if (roles.app === undefined && roles.reader === undefined)
    throw new InvalidOptionsError('No role was named.', 'Add --app <role>, --reader <role>, or both.');
  const applied = options['apply'] === true;
  const { app: _, ...database } = options;
  const { statements, unbound } = await withDataSource(database, (dataSource) =>
    poolDatabase(poolOf(dataSource)).transaction(async (sql) => {
      const found = await grantsFor(sql, options.schema ?? 'backstory', roles);
      if (applied) await sql.execute(found.statements.join(';\n'));
      return found;
    }),
  );
  print(
    input,
    { statements, unbound, applied },
    () =>
      statements.map((statement) => `${statement};\n`).join('') +
      unbound.map((remark) => `-- ${remark}\n`).join('') +
      (applied ? '-- Done.\n' : ''),
  );
}
