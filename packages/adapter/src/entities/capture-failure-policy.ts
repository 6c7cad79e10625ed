import { InvalidOptionsError } from '../errors.js';
import type { AggregateOptions, EntityMapping } from '../mapping/index.js';

/** @throws InvalidOptionsError for what is no policy, and where events are numbered at COMMIT: nothing can be recorded there */
export function captureFailurePolicy(
  entity: string,
  { whenCaptureFails, owns = [] }: Omit<AggregateOptions, 'entity'>,
): Pick<EntityMapping, 'whenCaptureFails'> {
  if (whenCaptureFails === undefined) return {};
  if (!['fail', 'record'].includes(whenCaptureFails)) {
    throw new InvalidOptionsError(
      `whenCaptureFails: ${JSON.stringify(whenCaptureFails)} of "${entity}" is not known.`,
      "Use 'fail' or 'record'.",
    );
  }
  if (whenCaptureFails === 'record' && owns.length > 0) {
    throw new InvalidOptionsError(
      `"${entity}" owns "${owns.join('", "')}", so its failures can't be recorded: its events get their positions at COMMIT, where a failure fails the transaction.`,
      "Leave whenCaptureFails out (a write whose capture fails then fails), or give what it owns streams of its own by leaving 'owns' out.",
    );
  }
  return { whenCaptureFails };
}
