import { eventBytes } from '../subjects/event-bytes.mjs';
import { eventSizes } from '../subjects/event-sizes.mjs';
import { openSubject } from '../subjects/subject.mjs';

const COLUMNS = [5, 10, 20, 40, 80, 160];
const ROWS = 5_000;
const GIB = 2 ** 30;

/**
 * Loads by name: what a year of them leaves behind.
 * @type {{ name: string, columns: number, created: number, updated: number }[]} a year
 */
const loads = [
  {
    name: 'a shop: 1 000 orders a day, each updated 5 times',
    columns: 20,
    created: 365_000,
    updated: 1_825_000,
  },
  {
    name: 'a service: 20 writes a second in working hours, one in five creates',
    columns: 10,
    created: 8_400_000,
    updated: 33_700_000,
  },
  {
    name: 'a back office: 5 000 wide rows a day, each updated 10 times',
    columns: 80,
    created: 1_825_000,
    updated: 18_250_000,
  },
];

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export default {
  description:
    'What events take on the disk, indexes included, as a ratio to the row that they are about; with and without the ' +
    'compression of long values (TOAST); what snapshots add; and what a year of a load comes to.',
  measure: async (run) => {
    // Fewer would not fill the last page, and cost nothing less to speak of.
    const rows = Math.max(ROWS, run.rounds(ROWS));
    const figures = [];
    for (const columns of COLUMNS) {
      run.progress(`${columns} columns`);
      figures.push(...(await eventBytes(run.serverUrl, columns, rows)));
    }
    return [byColumns(figures), perYear(figures), await snapshots(run), await eventSizes(run)];
  },
};

/** @typedef {import('../subjects/event-bytes.mjs').EventBytes} EventBytes */

/**
 * @param {readonly EventBytes[]} figures
 * @returns {import('../harness/benchmark.mjs').Section}
 */
function byColumns(figures) {
  const withRatio = figures.map((figure) => ({
    ...figure,
    ratio: figure.bytes / bytesOf(figures, figure.columns, 'row'),
  }));
  return {
    title: 'Bytes by the number of columns',
    figures: withRatio,
    heading: ['columns', 'what', 'ratio to the row', 'bytes', 'JSON'],
    cells: withRatio.map(({ columns, what, ratio, bytes, json }) => [
      `${columns}`,
      what,
      what === 'row' ? '1' : `**${ratio.toFixed(2)}**`,
      bytes.toFixed(0),
      json ? json.toFixed(0) : '',
    ]),
    notes: [
      'An update that carried the full state would take what a creation takes: the difference is what the delta saves.',
      'PostgreSQL compresses a value only where the row would not fit into about 2 kB otherwise, so narrow rows come to the same with and without.',
      ...(figures.some(({ what }) => what.includes('lz4')) ? [] : ['This server was built without lz4.']),
    ],
  };
}

/**
 * @param {readonly EventBytes[]} figures
 * @returns {import('../harness/benchmark.mjs').Section}
 */
function perYear(figures) {
  const years = loads.map(({ name, columns, created, updated }) => {
    const row = bytesOf(figures, columns, 'row') * created;
    const full = bytesOf(figures, columns, 'created: full state');
    const events = full * created + bytesOf(figures, columns, 'updated: two columns') * updated;
    return { name, columns, events: created + updated, row, bytes: events, full: full * (created + updated) };
  });
  return {
    title: 'A year of a load',
    figures: years,
    heading: [
      'load',
      'columns',
      'events a year',
      'rows GiB',
      'events GiB',
      'ratio to the rows',
      'were each a full state, GiB',
    ],
    cells: years.map(({ name, columns, events, row, bytes, full }) => [
      name,
      `${columns}`,
      events.toLocaleString('en'),
      (row / GIB).toFixed(2),
      (bytes / GIB).toFixed(2),
      `**${(bytes / row).toFixed(1)}**`,
      (full / GIB).toFixed(2),
    ]),
    notes: [
      'Computed from the bytes above, without metadata (the last table has what context adds) and without snapshots.',
    ],
  };
}

/**
 * Streams of 200 events, each with the snapshot that the default interval of 100 keeps.
 * @param {import('../harness/benchmark.mjs').Run} run
 * @returns {Promise<import('../harness/benchmark.mjs').Section>}
 */
async function snapshots(run) {
  run.progress('snapshots');
  const [streams, length] = [run.rounds(500), 200];
  const subject = await openSubject(run.serverUrl, 'backstory', { recordedBy: 'backstory', rows: streams });
  try {
    await subject.dataSource.query(
      `do $$ begin for n in 2..${length} loop update article set stock = stock + 1, title = 'Article ' || n; end loop; end $$`,
    );
    await subject.backstory?.rebuildSnapshots();
    const [sizes] = await subject.dataSource.query(
      `select (select count(*) from backstory.snapshots)::int as count,
              pg_total_relation_size('backstory.snapshots')::float8 as snapshots,
              pg_total_relation_size('backstory.events')::float8 as events`,
    );
    const figure = {
      streams,
      events: streams * length,
      snapshots: sizes.count,
      bytes: sizes.snapshots / sizes.count,
      ratio: sizes.snapshots / sizes.events,
    };
    return {
      title: 'What snapshots add',
      figures: [figure],
      heading: ['streams', 'events', 'snapshots', 'bytes a snapshot', 'ratio to the events'],
      cells: [
        [
          ...[figure.streams, figure.events, figure.snapshots].map((count) => count.toLocaleString('en')),
          figure.bytes.toFixed(0),
          `**${figure.ratio.toFixed(4)}**`,
        ],
      ],
    };
  } finally {
    await subject.close();
  }
}

/**
 * @param {readonly EventBytes[]} figures
 * @param {number} columns
 * @param {string} what
 */
function bytesOf(figures, columns, what) {
  return figures.find((figure) => figure.columns === columns && figure.what === what)?.bytes ?? Number.NaN;
}
