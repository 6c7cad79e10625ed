/** @typedef {{ median: number, p25: number, p75: number, p99: number, samples: number }} Summary */

/** @param {readonly number[]} values @returns {Summary} */
export function summarize(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return {
    median: quantile(sorted, 0.5),
    p25: quantile(sorted, 0.25),
    p75: quantile(sorted, 0.75),
    p99: quantile(sorted, 0.99),
    samples: sorted.length,
  };
}

/** @param {readonly number[]} sorted @param {number} share */
function quantile(sorted, share) {
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}
