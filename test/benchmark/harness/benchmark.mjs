/**
 * What a file in `benchmarks/` exports. It measures, and asserts nothing about time: machines differ.
 * @typedef {object} Benchmark
 * @property {string} description one sentence: what is compared with what
 * @property {(run: Run) => Promise<Section[]>} measure
 * @property {(run: Run) => Promise<string>} [profile] where the time goes, as text
 */

/**
 * @typedef {object} Run
 * @property {string} serverUrl of a PostgreSQL server on which databases can be created
 * @property {number[]} connections how many connections work at once: a measurement for each
 * @property {() => number} random seeded
 * @property {(rounds: number) => number} rounds as many as `--scale` asks for
 * @property {number} growth rows of the largest table in the measurement of growth
 * @property {() => Promise<import('./peers.mjs').Peers | undefined>} peers what is compared with; undefined when left out
 * @property {(text: string) => void} progress
 */

/**
 * One table of the result.
 * @typedef {object} Section
 * @property {string} title
 * @property {Record<string, string | number | number[] | undefined>[]} figures for the JSON file
 * @property {string[]} heading
 * @property {string[][]} cells
 * @property {string[]} [notes]
 */

export {};
