import { isReplayed, stages } from '../stages/index.js';
import type { Reading } from './reading.js';

export type Labels = Readonly<Record<string, string>>;

/** A figure that comes from the database: the same from every instance of the application. */
export interface DatabaseGauge {
  /** In Prometheus behind `backstory_`, in OpenTelemetry behind `backstory.`. */
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly values: (reading: Reading) => readonly (readonly [Labels, number])[];
}

type Aggregate = Reading['aggregates'][number];
type ConsumerPartition = Reading['consumers'][number];

function ofAggregates(
  name: string,
  help: string,
  value: (aggregate: Aggregate) => number | undefined,
): DatabaseGauge {
  return {
    name,
    help,
    labels: ['category'],
    values: ({ aggregates }) =>
      aggregates.flatMap((aggregate) => {
        const number = value(aggregate);
        return number === undefined ? [] : [[{ category: aggregate.category }, number] as const];
      }),
  };
}

function ofVolume(name: string, help: string, value: 'rows' | 'eventsPerSecond'): DatabaseGauge {
  return {
    name,
    help,
    labels: ['category'],
    values: ({ volume }) => volume.aggregates.map((each) => [{ category: each.category }, each[value]]),
  };
}

function ofConsumers(
  name: string,
  help: string,
  value: (consumer: ConsumerPartition) => number,
): DatabaseGauge {
  return {
    name,
    help,
    labels: ['consumer', 'partition', 'place'],
    values: ({ consumers }) =>
      consumers.map((each) => [
        {
          consumer: each.name,
          partition: String(each.partition),
          ...(each.place !== null && { place: each.place }),
        },
        value(each),
      ]),
  };
}

function alone(name: string, help: string, value: (reading: Reading) => number): DatabaseGauge {
  return { name, help, labels: [], values: (reading) => [[{}, value(reading)]] };
}

const ofBackstory: readonly DatabaseGauge[] = [
  alone('last_position', 'Global position of the newest event', ({ volume }) => Number(volume.lastPosition)),
  alone('events_bytes', 'Events with their indexes, on disk', ({ volume }) => volume.bytes),
  ofVolume('events_per_second', 'Events a second over the last minute', 'eventsPerSecond'),
  ofVolume('table_rows_estimate', "Rows in the aggregate's table, as PostgreSQL estimates", 'rows'),
  {
    name: 'findings',
    help: 'What doctor finds: a fault means that events are lost or wrong, or will be',
    labels: ['severity'],
    values: ({ findings }) =>
      (['fault', 'hint'] as const).map((severity) => [
        { severity },
        findings.filter((finding) => finding.severity === severity).length,
      ]),
  },
];

const ofStages: readonly DatabaseGauge[] = [
  {
    name: 'stage',
    help: '1 for the stage in which the aggregate is, 0 for the others',
    labels: ['category', 'stage'],
    values: ({ aggregates }) =>
      aggregates.flatMap(({ category, stage }) =>
        stages.map((each) => [{ category, stage: each }, Number(each === stage)] as const),
      ),
  },
  ofAggregates('replay_percent', 'How many in a hundred streams reads replay', ({ stage, percent }) =>
    isReplayed(stage) ? (percent ?? 100) : 0,
  ),
  ofAggregates(
    'backfill_rows',
    'Rows that the last backfill has looked at',
    ({ backfill }) => backfill?.rows,
  ),
  ofAggregates(
    'backfill_events',
    'First events that the last backfill has written',
    ({ backfill }) => backfill?.events,
  ),
  ofAggregates('backfill_complete', '1 when the last backfill is complete', ({ backfill }) =>
    Number(Boolean(backfill?.completedAt) && backfill?.outdated === false),
  ),
  ofAggregates(
    'verify_drifted',
    'Streams that differed from their row at the last verify',
    ({ verified }) => verified?.drifted,
  ),
  ofAggregates(
    'capture_failures_unsettled',
    'Statements that went on although their capture had failed, and that no verify has settled',
    ({ captureFailures }) => captureFailures?.statements ?? 0,
  ),
  ofAggregates('verify_timestamp_seconds', 'When the last verify was', ({ verified }) =>
    verified ? verified.at.getTime() / 1000 : undefined,
  ),
  {
    name: 'shadow_streams',
    help: 'Streams of shadow reads since the aggregate came into its stage, of all instances',
    labels: ['category', 'outcome'],
    values: ({ aggregates }) =>
      aggregates.flatMap(({ category, shadow }) =>
        Object.entries(shadow ?? {}).map(([outcome, streams]) => [{ category, outcome }, streams] as const),
      ),
  },
  {
    name: 'differences',
    help: 'How often a property has differed since capture began',
    labels: ['category', 'found_by', 'kind'],
    values: ({ aggregates }) => aggregates.flatMap(differencesOf),
  },
];

function differencesOf({ category, differences }: Aggregate): (readonly [Labels, number])[] {
  const times = new Map<string, number>();
  for (const each of differences) {
    const key = JSON.stringify([each.foundBy, each.kind]);
    times.set(key, (times.get(key) ?? 0) + each.times);
  }
  return [...times].map(([key, number]) => {
    const [found_by, kind] = JSON.parse(key) as [string, string];
    return [{ category, found_by, kind }, number];
  });
}

const ofAllConsumers: readonly DatabaseGauge[] = [
  ofConsumers(
    'consumer_lag_events',
    'Positions between the checkpoint and the newest event',
    ({ lag }) => lag,
  ),
  ofConsumers(
    'consumer_lag_seconds',
    'How long ago the oldest event behind the checkpoint was recorded; 0 when there is none',
    ({ lagSeconds }) => lagSeconds ?? 0,
  ),
  ofConsumers('consumer_gaps', 'Positions below the checkpoint that may still appear', ({ gaps }) => gaps),
  ofConsumers('consumer_running', '1 when a worker has the partition', ({ worker }) =>
    Number(worker !== null),
  ),
  ofConsumers(
    'consumer_failing_seconds',
    'For how long one event has been tried again; 0 when none is',
    ({ failingSince }) => (failingSince ? (Date.now() - failingSince.getTime()) / 1000 : 0),
  ),
  {
    name: 'parked_events',
    help: 'Events that the consumer could not handle, and those behind them',
    labels: ['consumer'],
    values: ({ consumers }) => [
      ...new Map(consumers.map(({ name, parked }) => [name, [{ consumer: name }, parked] as const])).values(),
    ],
  },
];

/** Everything that is read from the database for metrics. */
export const databaseGauges: readonly DatabaseGauge[] = [...ofBackstory, ...ofStages, ...ofAllConsumers];
