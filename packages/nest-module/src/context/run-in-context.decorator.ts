import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { type CaptureContext, currentContext, runInContext } from '@backstory/adapter';
import { askForContext } from './ask-for-context.js';
import { extendContext } from './extend-context.js';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the method's own arguments are the user's to type
type Method = (this: unknown, ...args: any[]) => unknown;
type ContextOfCall = CaptureContext | ((...args: Parameters<Method>) => CaptureContext | undefined);

/**
 * Runs each call of the method in a new capture context, for what no request leads to: scheduled jobs, queue processors,
 * event listeners. Every call gets a correlation id of its own; called inside another context, that one's correlation id
 * becomes the causation id. Above or below the decorators of other libraries: their metadata stay on the method.
 * @param context what its events say of who made them, or a function of the call's arguments that tells it
 * @example
 * @Cron('0 3 * * *')
 * @RunInContext({ actor: 'nightly job' })
 * async closeStaleOrders() {}
 *
 * @RunInContext((job: Job) => ({ actor: 'mailer', correlationId: job.data.correlationId }))
 * async process(job: Job) {}
 */
export function RunInContext(context: ContextOfCall = {}) {
  return <Decorated extends Method>(
    _target: object,
    _name: string | symbol,
    descriptor: TypedPropertyDescriptor<Decorated>,
  ): void => {
    const original = descriptor.value as Decorated;
    const inContext: Method = function (...args: unknown[]) {
      const said = typeof context === 'function' ? askForContext(() => context(...args)) : context;
      return runInContext(extendContext(idsOfCall(), said), () => original.apply(this, args));
    };
    descriptor.value = withLooksOf(original, inContext) as Decorated;
  };
}

function idsOfCall(): CaptureContext {
  const outer = currentContext()?.correlationId;
  return { correlationId: randomUUID(), ...(outer && { causationId: outer }) };
}

/** Name, number of parameters and metadata: what frameworks look at. */
function withLooksOf(original: Method, replacement: Method): Method {
  for (const property of ['name', 'length'] as const)
    Object.defineProperty(replacement, property, { value: original[property], configurable: true });
  for (const key of Reflect.getOwnMetadataKeys(original))
    Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, original), replacement);
  return replacement;
}
