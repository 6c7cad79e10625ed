import type { Command } from 'commander';
import type { PartDifference, PropertyDifference } from '../../diff/index.js';
import { InvalidOptionsError } from '../../errors.js';
import type { RestorationReport, RestoredVersion } from '../../restoring/index.js';
import {
  attribution,
  type Cli,
  type CommandInput,
  type CommandRun,
  positiveInteger,
  print,
  shown,
} from '../cli.js';
import { examples } from '../examples.js';
import { moment } from '../moment.js';

const lines = [
  ['restore order 42 --version 3 --dry-run', 'what would be changed'],
  ['restore order 42 --version 3 --by anna --reason "request 7"', 'write it back'],
  [
    'restore order 42 --as-of 2026-01-31T12:00:00Z --reason "a slip"',
    'as it was then, also when it was deleted since',
  ],
] as const;

const more = `The row and its parts are written through the captured tables, in one transaction: it is an event as any other change, with the
origin "restore". Version and update date go on, and what is excluded stays as it is. Where a trigger of a table has changed what
was written, that is said, and the exit code is 2.`;

export function restoreCommand(program: Command, cli: Cli): void {
  program
    .command('restore')
    .argument('<aggregate>', 'category or entity')
    .argument('<id>', 'its primary key; parts of a composite key joined by ":"')
    .option('--version <n>', 'what it was at this position of its stream')
    .option('--as-of <date>', 'what it was at this moment')
    .option('--expected-version <n>', 'only where its stream ends at this position')
    .option('--dry-run', 'only say what would be changed')
    .option('--by <name>', 'who restores')
    .option('--reason <text>', 'why; needed without --dry-run')
    .description('write an entity and its parts back to what they were')
    .addHelpText('after', examples(lines, more))
    .action(cli.action(restore, 'check', { ofOneTenant: true }));
}

const restore: CommandRun = async (backstory, input) => {
  const [aggregate, id] = input.args as [string, string];
  const { expectedVersion } = input.options;
  const dryRun = input.options['dryRun'] === true;
  const who = attribution(input.options);
  if (!dryRun && !who.reason)
    throw new InvalidOptionsError(
      'A version is restored for a reason.',
      'Say which with --reason, or try it with --dry-run.',
    );
  const report = await backstory.restore(aggregate, id, {
    ...versionOf(input),
    ...(expectedVersion !== undefined && {
      expectedVersion: positiveInteger(expectedVersion, '--expected-version'),
    }),
    dryRun,
    ...who,
  });
  print(input, report, () => inWords(report));
  return report.left.length > 0 ? 2 : 0;
};

function versionOf({ options: { version, asOf } }: CommandInput): RestoredVersion {
  if ((version === undefined) === (asOf === undefined))
    throw new InvalidOptionsError('restore needs a version.', 'Give either --version or --as-of.');
  return version === undefined ? { asOf: moment(asOf) } : { version: positiveInteger(version, '--version') };
}

function inWords({
  category,
  streamId,
  restoredTo,
  version,
  changes,
  parts,
  notTold,
  left,
  dryRun,
}: RestorationReport): string {
  const name = `${category}-${streamId}`;
  if (changes.length + parts.length === 0)
    return `${name} is what it was at version ${restoredTo}: nothing to restore.\n`;
  const done = dryRun
    ? `${name} would be restored to version ${restoredTo}:\n`
    : `${name} was restored to version ${restoredTo}, which is version ${version} now:\n`;
  const stays = notTold.length > 0 ? `  Not told by that version: ${notTold.join(', ')}\n` : '';
  const others = left.map((each) => `  A trigger has changed what was written:${change(each, '')}`).join('');
  return (
    done + changes.map((each) => change(each, '  ')).join('') + parts.map(part).join('') + stays + others
  );
}

function part({ path, id, change: what, changes }: PartDifference): string {
  return `  ${path}[${id}] ${what}\n${changes.map((each) => change(each, '    ')).join('')}`;
}

function change({ property, before, after }: PropertyDifference, indent: string): string {
  return `${indent} ${property}: ${shown(before)} → ${shown(after)}\n`;
}
