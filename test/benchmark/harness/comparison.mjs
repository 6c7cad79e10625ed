import { summarize } from './statistics.mjs';

/**
 * @typedef {object} Measurement
 * @property {string} operation
 * @property {string} variant
 * @property {number[]} samples in milliseconds
 * @property {number} [goal] the ratio to stay below: shown, never asserted
 * @property {number} [perSecond] how many things one sample handles, where a rate says more than a time
 * @property {string} [remark]
 */

/**
 * A table in which every median is a ratio to that of the floor at the same operation.
 * @param {string} title
 * @param {string} floor the variant to which the others are compared
 * @param {Measurement[]} measurements
 * @param {string[]} [notes]
 * @returns {import('./benchmark.mjs').Section}
 */
export function comparison(title, floor, measurements, notes) {
  const figures = measurements.map(({ samples, ...measurement }) => {
    const summary = summarize(samples);
    const base = measurements.find((m) => m.operation === measurement.operation && m.variant === floor);
    const ratio = summary.median / summarize(base?.samples ?? []).median;
    const perSecond = measurement.perSecond && (measurement.perSecond * 1000) / summary.median;
    return { ...measurement, ...summary, ratio, perSecond };
  });
  const rates = figures.some(({ perSecond }) => perSecond !== undefined);
  const remarks = figures.some(({ remark }) => remark !== undefined);
  return {
    title,
    figures,
    heading: [
      'operation',
      'variant',
      `ratio to ${floor}`,
      'goal',
      'median ms',
      'p25–p75 ms',
      'p99 ms',
      'n',
      ...(rates ? ['per second'] : []),
      ...(remarks ? ['remark'] : []),
    ],
    cells: figures.map((figure) => [
      figure.operation,
      figure.variant,
      figure.variant === floor ? '1' : `**${figure.ratio.toFixed(2)}**`,
      figure.goal ? `≤ ${figure.goal}` : '',
      milliseconds(figure.median),
      `${milliseconds(figure.p25)}–${milliseconds(figure.p75)}`,
      milliseconds(figure.p99),
      `${figure.samples}`,
      ...(rates ? [figure.perSecond ? Math.round(figure.perSecond).toLocaleString('en') : ''] : []),
      ...(remarks ? [figure.remark ?? ''] : []),
    ]),
    notes,
  };
}

/** @param {number} value */
function milliseconds(value) {
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 3);
}
