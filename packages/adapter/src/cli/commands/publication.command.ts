import type { Command } from 'commander';
import { publicationFor } from '../../admin/index.js';
import { quoteIdentifier } from '../../database/index.js';
import { poolDatabase, poolOf } from '../../connections/index.js';
import { type Cli, type CommandInput, print } from '../cli.js';
import { examples } from '../examples.js';
import { withDataSource } from '../open-backstory.js';

const lines = [
  ['publication --data-source dist/data-source.js', 'what would be run'],
  ['publication --category order customer --apply', 'publish two categories'],
  ['publication --drop --apply', 'publish no more'],
] as const;

const more = `For Debezium, Sequin, Supabase ETL and others that read the write-ahead log. Run it as the owner of Backstory's tables,
and again after an upgrade of Backstory. Relays need none of it.`;

export function publicationCommand(program: Command, cli: Cli): void {
  program
    .command('publication')
    .option('--name <name>', 'what the publication is called', 'backstory')
    .option('--category <names...>', 'only events of these categories')
    .option('--no-backfill', 'without first events of rows that were there before')
    .option('--drop', 'take it away')
    .option('--apply', 'run the statements, in one transaction')
    .description('a publication of the log for change-data tools: each event once, as it was recorded')
    .addHelpText('after', examples(lines, more))
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CommandInput['options']>();
      await publication({ terminal: cli.terminal, options, args: [] });
    });
}

async function publication(input: CommandInput): Promise<void> {
  const { options } = input;
  const name = String(options['name']);
  const categories = options['category'] as string[] | undefined;
  const applied = options['apply'] === true;
  const { app: _, ...database } = options;
  const { statements, remarks } = await withDataSource(database, (dataSource) =>
    poolDatabase(poolOf(dataSource)).transaction(async (sql) => {
      const found =
        options['drop'] === true
          ? { statements: [`DROP PUBLICATION IF EXISTS ${quoteIdentifier(name)}`], remarks: [] }
          : await publicationFor(sql, options.schema ?? 'backstory', {
              name,
              backfill: options['backfill'] !== false,
              ...(categories && { categories }),
            });
      if (applied) await sql.execute(found.statements.join(';\n'));
      return found;
    }),
  );
  print(
    input,
    { statements, remarks, applied },
    () =>
      statements.map((statement) => `${statement};\n`).join('') +
      remarks.map((remark) => `-- ${remark}\n`).join('') +
      (applied ? '-- Done.\n' : ''),
  );
}
