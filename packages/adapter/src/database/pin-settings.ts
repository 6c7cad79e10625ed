import type { SqlExecutor } from './sql-executor.js';

/** The session settings on which the text form of some types depends: pinned, so that an event doesn't depend on who writes. */
export const pinnedSettings: readonly string[] = [
  "timezone = 'UTC'",
  "datestyle = 'ISO, YMD'",
  "intervalstyle = 'postgres'",
  "bytea_output = 'hex'",
  'extra_float_digits = 1',
  "lc_monetary = 'C'",
];

/** To compile our queries takes longer than it saves: they are run once each, or often and short. */
const planning = ['jit = off'];

/** Pins them, and `others` along with them, for the transaction that is open. */
export async function pinSettings(sql: SqlExecutor, others: readonly string[] = []): Promise<void> {
  await sql.execute(
    [...pinnedSettings, ...planning, ...others].map((setting) => `set local ${setting}`).join('; '),
  );
}
