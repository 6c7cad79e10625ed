import { BackstoryError } from '../errors.js';

/** Nothing can be written here: a standby, or a server or role with `default_transaction_read_only`. */
export function readOnlyServer(problem: string, cause?: unknown): BackstoryError {
  return new BackstoryError(
    'READ_ONLY_SERVER',
    `${problem}.`,
    'Run it on the primary: name that in the DataSource. Where this is the primary, see default_transaction_read_only of the server, the database and the role.',
    { cause },
  );
}
