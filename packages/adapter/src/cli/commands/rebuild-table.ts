import { type CommandRun, differencesInWords, firstEventsDueInWords, print } from '../cli.js';
import { type Drift, driftName } from '../../drift/index.js';
import type { RepairReport } from '../../verify/index.js';
import { stoppedInWords, stoppedOf } from '../stopped-in-words.js';
import { underWay } from '../under-way.js';

const said = 20;

/**
 * Writes the rows of one aggregate as its events have them, and proves it by a verify. In place and not beside: a table that is changed over has other foreign
 * keys, grants and views than the one that they are of, and is another one to every statement that is under way.
 */
export const rebuildTable: CommandRun = async (backstory, input) => {
  const aggregate = input.options['table'] as string;
  const dryRun = input.options['dryRun'] === true;
  const aggregates = [aggregate];
  const { reports, verified } = await underWay(input.terminal, 'rebuild', async (following) => {
    const options = { aggregates, truth: 'events', dryRun, reason: 'rebuild', ...following } as const;
    const repaired = await backstory.repair(options);
    const isProven = !dryRun && stoppedOf(repaired).length === 0;
    return {
      reports: repaired,
      verified: isProven ? await backstory.verify({ aggregates, ...following }) : undefined,
    };
  });
  // of one that was named there is a report, or an error
  const [report] = reports as [RepairReport];
  const { category, repaired, left, withoutFirstEvent, unseen } = report;
  const clean = verified?.clean ?? false;
  const stopped = [...stoppedOf(reports), ...(verified?.unfinished ?? [])];
  const counts = [
    [repaired.filter(({ kind }) => kind === 'value').length, 'changed'],
    [repaired.filter(({ kind }) => kind === 'missing row').length, 'inserted'],
    [repaired.filter(({ kind }) => kind === 'missing event').length, 'deleted'],
  ] as const;
  print(input, { ...report, clean }, () =>
    [
      unseen === undefined
        ? `${category}: rows ${dryRun ? 'that would be ' : ''}${counts.map(([count, what]) => `${what} ${count}`).join(', ')}\n`
        : `${category} was not looked at: ${unseen}.\n`,
      ...left.slice(0, said).map(leftInWords),
      left.length > said ? `and ${left.length - said} more\n` : '',
      firstEventsDueInWords(report),
      clean ? 'Every replay equals its row.\n' : '',
      dryRun || clean || unseen !== undefined || stopped.length > 0
        ? ''
        : `It is not proven: npx backstory verify ${category}\n`,
      stoppedInWords(
        stopped,
        dryRun
          ? 'There may be more rows to write.'
          : 'Rows that were written stay; it is not proven. The same command goes on with the rest.',
      ),
    ].join(''),
  );
  if (stopped.length > 0) return 1;
  return clean || (dryRun && left.length + withoutFirstEvent === 0 && unseen === undefined) ? 0 : 2;
};

const leftInWords = (drift: Drift): string =>
  `can't be written: ${driftName(drift)} (${drift.kind})\n${differencesInWords(drift)}`;
