import type { OperationAttributes, OperationEnd, OperationName } from '../observation/index.js';
import type { Labels } from './database-gauges.js';

/** A figure of this process's own operations. */
export interface OperationMetric {
  /** In Prometheus behind `backstory_`, counters with `_total`; in OpenTelemetry behind `backstory.`. */
  readonly name: string;
  readonly help: string;
  readonly kind: 'counter' | 'histogram';
  readonly of: OperationName;
  readonly labels: readonly string[];
  readonly values: (about: OperationAttributes, end: OperationEnd) => readonly (readonly [Labels, number])[];
}

const text = (value: unknown): string => String(value);
const number = (value: unknown): number => (typeof value === 'number' ? value : 0);

function duration(
  name: string,
  help: string,
  of: OperationName,
  label: 'category' | 'consumer',
): OperationMetric {
  return {
    name,
    help,
    kind: 'histogram',
    of,
    labels: [label, 'outcome'],
    values: (about, { seconds, error }) => [
      [{ [label]: text(about[label]), outcome: error === undefined ? 'done' : 'failed' }, seconds],
    ],
  };
}

function count(
  name: string,
  help: string,
  of: OperationName,
  label: 'category' | 'consumer',
  amount: (about: OperationAttributes, end: OperationEnd) => number,
): OperationMetric {
  return {
    name,
    help,
    kind: 'counter',
    of,
    labels: [label],
    values: (about, end) => [[{ [label]: text(about[label]) }, amount(about, end)]],
  };
}

/** What is measured in the process, while somebody listens. */
export const operationMetrics: readonly OperationMetric[] = [
  duration(
    'replay_seconds',
    'Replays for reads and loads: reading events and folding them; for reads of one row the folding only, since its events come with the row',
    'replay',
    'category',
  ),
  {
    name: 'replayed_streams',
    help: 'Streams that were replayed: found in memory as they are, from a snapshot on, or from their first event',
    kind: 'counter',
    of: 'replay',
    labels: ['category', 'begun_at'],
    values: ({ category }, { attributes: { streams, fromSnapshot, fromMemory } }) => {
      const of = (begun_at: string): Labels => ({ category: text(category), begun_at });
      return [
        [of('memory'), number(fromMemory)],
        [of('snapshot'), number(fromSnapshot)],
        [of('first_event'), number(streams) - number(fromSnapshot) - number(fromMemory)],
      ];
    },
  },
  count('replayed_events', 'Events that were folded', 'replay', 'category', (_, end) =>
    number(end.attributes['events']),
  ),
  count(
    'unreplayed_streams',
    'Streams that were asked for and not replayed: they are not there, or can not be',
    'replay',
    'category',
    ({ wanted }, { attributes }) => number(wanted) - number(attributes['streams']),
  ),
  duration('compare_seconds', 'Comparisons of shadow reads, a batch of streams each', 'compare', 'category'),
  {
    name: 'compared_streams',
    help: 'Streams of shadow reads of this process, by what came of the comparison',
    kind: 'counter',
    of: 'compare',
    labels: ['category', 'outcome'],
    values: ({ category, streams }, { attributes: { drifted }, error }) => {
      const of = (outcome: string): Labels => ({ category: text(category), outcome });
      if (error !== undefined) return [[of('failed'), number(streams)]];
      return [
        [of('equal'), number(streams) - number(drifted)],
        [of('drifted'), number(drifted)],
      ];
    },
  },
  duration('handle_seconds', 'Calls of the handlers of one event', 'handle', 'consumer'),
  duration('deliver_seconds', 'Batches of events given to handlers or a publisher', 'deliver', 'consumer'),
  count('delivered_events', 'Events that were handled or published', 'deliver', 'consumer', (_, end) =>
    number(end.attributes['handled']),
  ),
  count('snapshots_taken', 'Snapshots of long streams', 'snapshot', 'category', (_, end) =>
    number(end.attributes['taken']),
  ),
];
