import type { AggregateAnswer } from './answers.js';
import { count } from './amounts.js';
import { axisMoment } from './times.js';

type Activity = AggregateAnswer['activity'];

const height = 140;
const width = 960;
const colours = 6;

/** Events over time, one colour for each type; the rarest share the last one, and first events, which nobody has made then, have their own. */
export function ActivityChart({ activity }: { activity: Activity }) {
  const series = grouped(activity);
  const spans = series[0]?.counts.length ?? 0;
  if (spans === 0) return <p class="empty">No events in this time.</p>;
  const sums = Array.from({ length: spans }, (_, span) =>
    series.reduce((sum, { counts }) => sum + (counts[span] ?? 0), 0),
  );
  const most = Math.max(...sums, 1);
  const [from, to] = [Date.parse(activity.from), Date.parse(activity.to)];
  const time = (span: number): string => axisMoment(from + ((to - from) * span) / spans, to - from);
  const step = width / spans;
  return (
    <figure class="chart">
      <div class="plot">
        <span class="top-value">{count(most, activity.estimated)}</span>
        <svg
          viewBox={`0 0 ${width} ${height}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={`Events by type from ${time(0)} to ${time(spans)}; the numbers are in the list below`}
        >
          {sums.map((sum, span) => {
            let top = height;
            const bars = series.map(({ counts }, index) => {
              const size = ((counts[span] ?? 0) / most) * height;
              top -= size;
              return size === 0 ? null : (
                <rect
                  key={index}
                  class={classOf(series, index)}
                  x={span * step}
                  y={top}
                  width={step - 2}
                  height={size}
                />
              );
            });
            const lines = series
              .filter(({ counts }) => counts[span])
              .map(({ type, counts }) => `${type}: ${count(counts[span] ?? 0, activity.estimated)}`);
            return (
              <g key={span}>
                {bars}
                {sum > 0 && (
                  <rect class="whole" x={span * step} y={0} width={step} height={height}>
                    <title>{[`${time(span)} to ${time(span + 1)}`, ...lines].join('\n')}</title>
                  </rect>
                )}
              </g>
            );
          })}
        </svg>
      </div>
      <div class="axis">
        <span>{time(0)}</span>
        <span>{time(spans)}</span>
      </div>
      <ul class="legend">
        {series.map(({ type, counts }, index) => (
          <li key={type}>
            <span class={`swatch ${classOf(series, index)}`} aria-hidden="true" />
            {type} <b>{count(total(counts), activity.estimated)}</b>
          </li>
        ))}
      </ul>
      {activity.estimated && (
        <figcaption class="more">Estimated from samples spread over the log.</figcaption>
      )}
    </figure>
  );
}

interface Series {
  readonly type: string;
  readonly first: boolean;
  readonly counts: readonly number[];
}

function grouped({ types }: Activity): Series[] {
  const first = types.filter((each) => each.first);
  const others = types.filter((each) => !each.first);
  const rest = others.length > colours ? others.slice(colours - 1) : [];
  return [
    ...(first.length > 0 ? [together(first, 'first events', true)] : []),
    ...others.slice(0, others.length - rest.length),
    ...(rest.length > 0 ? [together(rest, `${rest.length} others`, false)] : []),
  ];
}

function together(some: readonly Series[], type: string, first: boolean): Series {
  const counts = (some[0]?.counts ?? []).map((_, span) =>
    some.reduce((sum, each) => sum + (each.counts[span] ?? 0), 0),
  );
  return { type, first, counts };
}

/** The others have the colours by their order. */
function classOf(series: readonly Series[], index: number): string {
  if (series[index]?.first) return 'series-first';
  return `series-${index + (series[0]?.first ? 0 : 1)}`;
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, each) => sum + each, 0);
}
