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

/** A name that an open scope gives to changes, as it travels to the trigger. */
export interface ActiveIntent {
  readonly aggregate: string;
  readonly type: string;
  readonly scope: string;
  readonly id?: string;
  readonly on?: string;
  readonly data?: object;
}

interface Scope {
  readonly source: CaptureContextSource | undefined;
  /** Innermost first. */
  readonly intents: readonly ActiveIntent[];
}

// On globalThis: the CommonJS and the ESM copy of this package in one process must see the same context.
const key = Symbol.for('@backstory/adapter:context');
export const contextStorage = ((globalThis as Record<symbol, unknown>)[key] ??=
  new AsyncLocalStorage<Scope>()) as AsyncLocalStorage<Scope>;

/** Runs `work` so that every write inside, however deep and asynchronous, carries `context` on its events. */
export function runInContext<Result>(context: CaptureContextSource, work: () => Result): Result {
  return contextStorage.run({ source: context, intents: contextStorage.getStore()?.intents ?? [] }, work);
}

/** The context of the running request or job, if there is one. */
export function currentContext(): CaptureContext | undefined {
  const source = contextStorage.getStore()?.source;
  return typeof source === 'function' ? source() : source;
}

/** What goes in front of a statement: the context, and the names that open scopes give to changes. */
export function currentStatementContext(): object | undefined {
  const scope = contextStorage.getStore();
  if (!scope) return undefined;
  // Not the application's to say: where an event came from, and what the scopes say.
  const context = { ...currentContext(), origin: undefined, scope: undefined, $events: undefined };
  const [innermost] = scope.intents;
  return innermost ? { ...context, scope: innermost.scope, $events: scope.intents } : context;
}
