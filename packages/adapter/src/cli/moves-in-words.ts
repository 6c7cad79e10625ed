import type { StageMove } from '../backstory/index.js';
import { residualInWords, type Stage, type StageChange } from '../stages/index.js';
import { coloured } from './colours.js';
import { manyListed } from './grouped.js';

type Stream = Parameters<typeof coloured>[0];
/** What is said of one aggregate behind its name. */
type Said = (move: StageMove, stream: Stream) => string;

/** Names that are listed of those that were moved alike. */
const namesShown = 5;

/**
 * What has become of each, or would. Of many aggregates those of which the same is said are told together, refused ones first and each by
 * its name.
 */
export function movesInWords(moves: readonly StageMove[], stream: Stream, dryRun: boolean): string {
  const said: Said = ({ change, reasons }) => {
    if (!change) return `${coloured(stream, 'red', 'refused')}:\n${listed(reasons)}`;
    return dryRun ? planned(change, stream) : done(change, stream);
  };
  if (moves.length <= manyListed)
    return moves.map((move) => `${move.category}: ${said(move, stream)}`).join('');
  const groups = new Map<string, StageMove[]>();
  for (const move of moves) {
    const words = withoutName(said(move, stream), move.category);
    groups.set(words, [...(groups.get(words) ?? []), move]);
  }
  const stands = ([, [first]]: [string, StageMove[]]): boolean => first?.refused === false;
  return [...groups]
    .sort((one, other) => Number(stands(one)) - Number(stands(other)) || other[1].length - one[1].length)
    .map(([words, alike]) => `${namesOf(alike)}: ${words}`)
    .join('');
}

/** The same command without a name is for all of them. */
function withoutName(words: string, category: string): string {
  return words.replaceAll(` ${category}")`, '")');
}

function namesOf(moves: readonly StageMove[]): string {
  const names = moves.map(({ category }) => category);
  const [first] = moves;
  if (names.length === 1) return names.join('');
  const some = first?.refused ? names : names.slice(0, namesShown);
  const rest = names.length - some.length;
  return `${names.length} aggregates (${some.join(', ')}${rest > 0 ? ` and ${rest} others` : ''})`;
}

function done(change: StageChange, stream: Stream): string {
  const { anew, forced, overridden, residual } = change;
  const counted = anew ? ': shadow reads are counted anew' : '';
  const refused = residual === null ? '' : `: ${residualInWords(residual)}`;
  const move = moveOf(change, stream, forced ? 'yellow' : 'green');
  return `${move}${counted}${refused}${forced ? `, forced, although:\n${listed(overridden)}` : '\n'}`;
}

function planned(change: StageChange, stream: Stream): string {
  const { anew, overridden } = change;
  if (overridden.length > 0)
    return `${moveOf(change, stream, 'red')} would be refused:\n${listed(overridden)}`;
  const counted = anew ? ', shadow reads would be counted anew' : '';
  return `${moveOf(change, stream, 'green')}: nothing stands against it${counted}.\n`;
}

function moveOf(
  { from, to, fromPercent, percent }: StageChange,
  stream: Stream,
  style: 'green' | 'yellow' | 'red',
): string {
  return coloured(stream, style, `${stageInWords(from, fromPercent)} → ${stageInWords(to, percent)}`);
}

function listed(reasons: readonly string[]): string {
  return reasons.map((reason) => `  - ${reason}\n`).join('');
}

export function stageInWords(stage: Stage | null, percent: number | null): string {
  return (stage ?? '-') + (percent === null || percent === 100 ? '' : ` ${percent} %`);
}
