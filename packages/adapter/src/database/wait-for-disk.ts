/**
 * For a transaction of ours: what it says is done survives a crash, also where the application has chosen that its own commits
 * don't wait for the disk or for synchronous standbys. Otherwise a crash could take back a stage, an erasure or a wrapped key
 * of which somebody has been told. Who can do without, such as a chunk of a backfill, sets it back.
 */
export const waitForDisk = `select set_config('synchronous_commit', 'on', true)
  where current_setting('synchronous_commit') in ('off', 'local')`;
