const MIB = 2 ** 20;

/**
 * Resident memory of this process while it works, a sample every 50 ms.
 * @param {() => Promise<unknown>} work
 * @returns {Promise<number[]>} MiB
 */
export async function memoryDuring(work) {
  const sample = () => process.memoryUsage.rss() / MIB;
  const curve = [sample()];
  const sampling = setInterval(() => curve.push(sample()), 50);
  try {
    await work();
  } finally {
    clearInterval(sampling);
  }
  return [...curve, sample()];
}

/**
 * @param {readonly { work: string, curve: readonly number[] }[]} curves
 * @param {string} what they have worked on
 * @returns {import('./benchmark.mjs').Section}
 */
export function memorySection(curves, what) {
  const shares = [0, 0.25, 0.5, 0.75, 1];
  return {
    title: `Memory, ${what}`,
    figures: curves.map(({ work, curve }) => ({
      work,
      peak: Math.max(...curve),
      curve: curve.map(Math.round),
    })),
    heading: [
      'MiB',
      ...shares.map((share) => `at ${share * 100} % of the time`),
      'most',
      'most, ratio to the start',
    ],
    cells: curves.map(({ work, curve }) => {
      const most = Math.max(...curve);
      return [
        work,
        ...shares.map((share) => (curve[Math.round(share * (curve.length - 1))] ?? Number.NaN).toFixed(0)),
        most.toFixed(0),
        `**${(most / (curve[0] ?? Number.NaN)).toFixed(2)}**`,
      ];
    }),
    notes: [
      'Resident memory of the Node.js process, sampled every 50 ms; what ran before has left its heap behind.',
    ],
  };
}
