/** What an application works with; all other tables are the log, or say what the log is of, and only their owner writes them. */
export const stateTables: readonly string[] = [
  'consumers',
  'consumer_workers',
  'parked_events',
  'discarded_events',
  'retry_requests',
  'projections',
  'snapshots',
  'shadow_reads',
  'drifts',
  'drift_counts',
  'verifications',
  'stages',
  'stage_changes',
];
