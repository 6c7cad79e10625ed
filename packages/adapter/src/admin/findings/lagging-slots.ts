import type { SqlExecutor } from '../../database/index.js';
import type { Finding } from '../finding.js';

/** Bytes of the write-ahead log that a slot may keep before it is worth a word: a reader that was restarted is far below. */
const muchKept = 1_000_000_000;

interface Slot {
  readonly name: string;
  readonly active: boolean;
  readonly lost: boolean;
  readonly kept: string;
}

/** Replication slots of this database that keep much of the write-ahead log, or have lost some, where the log is published. */
export async function laggingSlots(sql: SqlExecutor, schema: string): Promise<Finding[]> {
  const slots = await sql.execute<Slot>(
    `select slot_name as name, active, coalesce(wal_status = 'lost', false) as lost,
            pg_size_pretty(pg_wal_lsn_diff(n.lsn, restart_lsn)) as kept
     from pg_replication_slots,
          (select case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end) n (lsn)
     where slot_type = 'logical' and database = current_database()
       and (wal_status = 'lost' or pg_wal_lsn_diff(n.lsn, restart_lsn) > ${muchKept})
       and exists (select from pg_publication_tables where schemaname = $1 and tablename = 'events')`,
    [schema],
  );
  return slots.map(findingOf);
}

function findingOf({ name, active, lost, kept }: Slot): Finding {
  if (lost) {
    return {
      severity: 'fault',
      problem: `replication slot "${name}" has lost what its reader has not read yet (max_slot_wal_keep_size)`,
      remedy: `If it reads the history: drop the slot, make another, and read the log from the beginning.`,
    };
  }
  return {
    severity: 'hint',
    problem: `replication slot "${name}" keeps ${kept} of the write-ahead log${active ? '' : ', and nobody reads from it'}`,
    remedy: active
      ? 'Look why its reader is slow: the log grows until the disk is full.'
      : `Start its reader; or, if it is gone for good: SELECT pg_drop_replication_slot('${name}')`,
  };
}
