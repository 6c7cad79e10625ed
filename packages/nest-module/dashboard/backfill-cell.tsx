import { count } from './amounts.js';
import type { AggregateRow } from './answers.js';
import { duration } from './times.js';

/** How far the backfill is. */
export function BackfillCell({
  aggregate: { backfill, stage },
}: {
  aggregate: Pick<AggregateRow, 'backfill' | 'stage'>;
}) {
  if (stage === 'off') return <span class="muted">–</span>;
  if (!backfill) return <span class="muted">not begun</span>;
  if (backfill.outdated) return <span class="muted">before capture began anew</span>;
  if (!backfill.progress) return <span class="ok">complete</span>;
  const { total, rowsPerSecond, secondsLeft } = backfill.progress;
  const share = total === null ? null : Math.min(1, total === 0 ? 1 : backfill.rows / total);
  return (
    <span class="backfill">
      {share !== null && (
        <progress value={share} max={1} aria-label="Backfill">
          {Math.floor(share * 100)} %
        </progress>
      )}
      <span>
        {share === null ? `${count(backfill.rows)} rows` : `${Math.floor(share * 100)} %`}
        <span class="more">
          {count(rowsPerSecond)} rows/s{secondsLeft !== null && `, ${duration(secondsLeft)} left`}
        </span>
      </span>
    </span>
  );
}
