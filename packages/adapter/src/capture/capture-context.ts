import { AsyncLocalStorage } from 'node:async_hooks';

/** What is known of whoever is writing; goes into the metadata of every event of the writes inside. */
export interface CaptureContext {
  readonly actor?: string;
  readonly correlationId?: string;
  readonly causationId?: string;
  readonly traceparent?: string;
  readonly [key: string]: unknown;
}

/** A context, or a function that is asked at each write: a request's user may be known only later. */
export type CaptureContextSource = CaptureContext | (() => CaptureContext | undefined);

// On globalThis: the CommonJS and the ESM copy of this package in one process must see the same context.
const key = Symbol.for('@backstory/adapter:context');
const storage = ((globalThis as Record<symbol, unknown>)[key] ??=
  new AsyncLocalStorage<CaptureContextSource>()) as AsyncLocalStorage<CaptureContextSource>;

/** Runs `work` so that every write inside, however deep and asynchronous, carries `context` on its events. */
export function runInContext<Result>(context: CaptureContextSource, work: () => Result): Result {
  return storage.run(context, work);
}

/** The context of the running request or job, if there is one. */
export function currentContext(): CaptureContext | undefined {
  const source = storage.getStore();
  return typeof source === 'function' ? source() : source;
}
