import { rate } from './amounts.js';

const height = 20;
const step = 3;

/** Events in each of the last minutes, as bars. */
export function Sparkline({ counts }: { counts: readonly number[] }) {
  const most = Math.max(...counts, 1);
  const label = `Per minute, last ${counts.length} minutes: ${counts.at(-1)} in the current one, ${most} at most`;
  return (
    <svg class="sparkline" width={counts.length * step} height={height} role="img" aria-label={label}>
      {counts.map((count, index) => {
        const size = count === 0 ? 1 : Math.max(2, (count / most) * height);
        return (
          <rect
            key={index}
            class={count === 0 ? 'empty' : ''}
            x={index * step}
            y={height - size}
            width={step - 1}
            height={size}
          />
        );
      })}
    </svg>
  );
}

/** Of the last five minutes, the current one among them. */
export function perMinute(counts: readonly number[]): string {
  const last = counts.slice(-5);
  return rate(last.length === 0 ? 0 : last.reduce((sum, count) => sum + count, 0) / last.length);
}
