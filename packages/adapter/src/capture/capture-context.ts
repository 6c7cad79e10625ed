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
  readonly announced?: Announcement;
}

/** The events that a change of one row comes to, in place of the one that capture would make of it. */
export interface Announcement {
  /** Where the stream must end but for what the statement itself has written; null for wherever it does. */
  readonly expected: number | null;
  readonly events: readonly AnnouncedEvent[];
}

/** One of them. */
export interface AnnouncedEvent {
  readonly type: string;
  /** What the application says of it, which no fold looks at. */
  readonly data: Readonly<Record<string, unknown>>;
  /** The properties that it changes, as events name them. */
  readonly names: readonly string[];
  /** Of those that a later one changes again, the value in between. */
  readonly meanwhile?: Readonly<Record<string, unknown>>;
  /** What it does to parts, by path and id. */
  readonly parts?: Readonly<Record<string, Readonly<Record<string, AnnouncedPart>>>>;
}

/** What an event of a command does to one part of the aggregate. */
export interface AnnouncedPart {
  /** It adds it, or takes it away. */
  readonly whole: boolean;
  readonly names: readonly string[];
  readonly meanwhile?: Readonly<Record<string, unknown>>;
}

interface Scope {
  readonly source: CaptureContextSource | undefined;
  /** Innermost first. */
  readonly intents: readonly ActiveIntent[];
  /** The scope of all statements inside, which belong to one command. */
  readonly command?: string;
}

// On globalThis: the CommonJS and the ESM copy of this package in one process must see the same context.
const key = Symbol.for('@backstory/adapter:context');
export const contextStorage = ((globalThis as Record<symbol, unknown>)[key] ??=
  new AsyncLocalStorage<Scope>()) as AsyncLocalStorage<Scope>;

/**
 * Runs `work` so that every write inside, however deep and asynchronous, carries `context` on its events.
 * @example await runInContext({ actor: 'importer' }, () => importOrders(file));
 */
export function runInContext<Result>(context: CaptureContextSource, work: () => Result): Result {
  return contextStorage.run({ source: context, intents: contextStorage.getStore()?.intents ?? [] }, work);
}

/**
 * The context of the running request or job, if there is one.
 * @example const actor = currentContext()?.actor;
 */
export function currentContext(): CaptureContext | undefined {
  const source = contextStorage.getStore()?.source;
  return typeof source === 'function' ? source() : source;
}

/** What goes in front of a statement: the context, and the names that open scopes give to changes. */
export function currentStatementContext(): object | undefined {
  const scope = contextStorage.getStore();
  if (!scope) return undefined;
  // Not the application's to say: where an event came from, and what the scopes say.
  const context = { ...currentContext(), origin: undefined, scope: scope.command, $events: undefined };
  const [innermost] = scope.intents;
  return innermost ? { ...context, scope: innermost.scope, $events: scope.intents } : context;
}
