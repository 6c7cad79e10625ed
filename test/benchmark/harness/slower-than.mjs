/** @typedef {{ operation?: string, variant?: string, ratio?: number, median?: number, p25?: number, p75?: number }} Figure */
/** @typedef {{ name: string, sections: { title: string, figures: Figure[] }[] }} KeptResult as `results/*.json` has them */

/**
 * A figure that is worse than in an earlier run, beyond noise.
 * @typedef {object} Slower
 * @property {string} benchmark
 * @property {string} section
 * @property {string} operation
 * @property {string} variant
 * @property {number} before ratio to the floor of its run
 * @property {number} now
 */

/** Less than this is never said, however small the quartiles are: machines differ by it. */
const least = 1.1;

/**
 * Compares ratios, since times of different runs can't be compared. Slower is what has a ratio over that of before by a tenth at least, and by more than the
 * quartiles of either run and the floor measured a second time ("…, again") are apart from their medians. Figures that only one run has aren't compared.
 * @param {readonly KeptResult[]} before
 * @param {readonly KeptResult[]} now
 * @returns {{ compared: number, slower: Slower[] }}
 */
export function slowerThan(before, now) {
  const earlier = new Map(allFigures(before).map((each) => [each.key, each]));
  const pairs = allFigures(now).flatMap((each) => {
    const other = earlier.get(each.key);
    return other ? [{ each, other }] : [];
  });
  const slower = pairs.filter(({ each, other }) => {
    const noise = Math.max(least, each.noise, other.noise);
    return each.ratio > other.ratio * noise;
  });
  return {
    compared: pairs.length,
    slower: slower.map(({ each: { benchmark, section, operation, variant, ratio }, other }) => ({
      benchmark,
      section,
      operation,
      variant,
      before: other.ratio,
      now: ratio,
    })),
  };
}

/** @param {readonly KeptResult[]} results */
function allFigures(results) {
  return results.flatMap(({ name, sections }) =>
    sections.flatMap(({ title, figures }) =>
      figures.flatMap(({ operation = '', variant = '', ratio, median, p25, p75 }) => {
        if (ratio === undefined || ratio === 1 || median === undefined) return [];
        const spread = Math.max((p75 ?? median) / median, median / (p25 ?? median));
        const again = figures.find(
          (each) => each.operation === operation && each.variant?.endsWith(', again'),
        );
        const drift = again?.ratio === undefined ? 1 : Math.max(again.ratio, 1 / again.ratio);
        const key = [name, title, operation, variant].join('\0');
        return [
          { key, benchmark: name, section: title, operation, variant, ratio, noise: Math.max(spread, drift) },
        ];
      }),
    ),
  );
}
