import { channel } from 'node:diagnostics_channel';
import { inspect } from 'node:util';

/**
 * `replay`: streams are loaded from their events · `compare`: shadow reads are compared · `deliver`: a consumer gets a batch ·
 * `handle`: its handlers get one event · `backfill`, `verify`: of one aggregate · `snapshot`: snapshots are taken.
 */
export type OperationName = 'replay' | 'compare' | 'deliver' | 'handle' | 'backfill' | 'verify' | 'snapshot';

export type OperationAttributes = Readonly<Record<string, string | number | boolean>>;

/** What an operation is about, before it begins. */
export interface OperationSubject {
  readonly name: OperationName;
  /** `category`, `consumer`, `stream` and the like. */
  readonly attributes: OperationAttributes;
  /** W3C trace contexts of the events that it is for. */
  readonly traceparents?: readonly string[];
}

export interface OperationEnd {
  readonly seconds: number;
  /** What it came to: `streams`, `events`, `drifted` and the like. Empty when it failed. */
  readonly attributes: OperationAttributes;
  readonly error?: unknown;
}

/** Published on the diagnostics channel `backstory:operation` when an operation begins. */
export interface Operation extends OperationSubject {
  /** Has the work run inside of `wrap`, such as in a tracer's context. */
  readonly runInside: (wrap: <Result>(work: () => Result) => Result) => void;
  /** Calls `listener` once, when the operation has ended. What it throws is a warning of the process. */
  readonly onEnd: (listener: (end: OperationEnd) => void) => void;
}

/** Process-wide, whatever copies of this package there are. */
const operations = channel('backstory:operation');

/**
 * Runs `work`, and tells whoever listens. `failure` says what was done before it failed. Without a
 * subscriber nothing is made or measured: `subject`, `outcome` and `failure` aren't called.
 */
export function operate<Result>(
  subject: () => OperationSubject,
  work: () => Promise<Result>,
  outcome: (result: Result) => OperationAttributes,
  failure: (error: unknown) => OperationAttributes = () => ({}),
): Promise<Result> {
  return operations.hasSubscribers ? observed(subject(), work, outcome, failure) : work();
}

async function observed<Result>(
  subject: OperationSubject,
  work: () => Promise<Result>,
  outcome: (result: Result) => OperationAttributes,
  failure: (error: unknown) => OperationAttributes,
): Promise<Result> {
  const listeners: ((end: OperationEnd) => void)[] = [];
  let run = work;
  const operation: Operation = {
    ...subject,
    runInside: (wrap) => {
      const inner = run;
      run = () => wrap(inner);
    },
    onEnd: (listener) => void listeners.push(listener),
  };
  operations.publish(operation);
  const startedAt = performance.now();
  const end = (rest: Omit<OperationEnd, 'seconds'>): void => {
    const seconds = (performance.now() - startedAt) / 1000;
    for (const listener of listeners) tell(listener, { seconds, ...rest });
  };
  try {
    const result = await run();
    end({ attributes: outcome(result) });
    return result;
  } catch (error) {
    end({ attributes: failure(error), error });
    throw error;
  }
}

/** Who only listens can't make it fail. */
function tell(listener: (end: OperationEnd) => void, end: OperationEnd): void {
  try {
    listener(end);
  } catch (error) {
    process.emitWarning(`Backstory: a listener of an operation failed: ${inspect(error)}`);
  }
}
