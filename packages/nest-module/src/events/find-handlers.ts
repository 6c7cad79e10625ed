import type { BatchDelivery, Delivery, EventBatchHandler, EventHandler } from '@backstory/adapter';
import { ContextIdFactory, DiscoveryService, MetadataScanner, ModuleRef } from '@nestjs/core';
import type { EntityManager } from 'typeorm';
import { batchSelectorsOf } from './on-event-batch.decorator.js';
import { selectorsOf } from './on-event.decorator.js';

/** A class with handlers. */
export interface HandlingClass {
  readonly type: object;
  readonly handlers: readonly EventHandler<EntityManager>[];
  readonly batchHandlers: readonly EventBatchHandler<EntityManager>[];
}

type Wrapper = ReturnType<DiscoveryService['getProviders']>[number];
type AnyDelivery = Delivery<EntityManager> | BatchDelivery<EntityManager>;
type Methods = Record<string, (given: unknown, delivery: AnyDelivery) => unknown>;

/** The `@OnEvent` and `@OnEventBatch` methods of the application's providers, each class once, however many modules provide it. */
export function findHandlers(
  discovery: DiscoveryService,
  scanner: MetadataScanner,
  moduleRef: ModuleRef,
): HandlingClass[] {
  const found = new Map<object, HandlingClass>();
  for (const wrapper of [...discovery.getProviders(), ...discovery.getControllers()]) {
    const type =
      wrapper.inject || !wrapper.metatype
        ? (wrapper.instance as object | null)?.constructor
        : wrapper.metatype;
    const prototype = (type as { prototype?: object } | undefined)?.prototype;
    if (!type || !prototype || found.has(type)) continue;
    const names = scanner.getAllMethodNames(prototype);
    const method = (name: string): object => (prototype as Methods)[name] as object;
    const call =
      (name: string) =>
      async (given: unknown, delivery: AnyDelivery): Promise<unknown> =>
        (await instanceFor(wrapper, moduleRef, delivery))[name]?.(given, delivery);
    const handlers = names.flatMap((name) =>
      selectorsOf(method(name)).map((on) => ({ on, handle: call(name) })),
    );
    const batchHandlers = names
      .map((name) => ({ on: batchSelectorsOf(method(name)), handleBatch: call(name) }))
      .filter(({ on }) => on.length > 0);
    if (handlers.length + batchHandlers.length > 0) found.set(type, { type, handlers, batchHandlers });
  }
  return [...found.values()];
}

/** A class with request-scoped dependencies is made anew for each event or batch; the delivery is its request. */
async function instanceFor(wrapper: Wrapper, moduleRef: ModuleRef, delivery: AnyDelivery): Promise<Methods> {
  if (wrapper.isDependencyTreeStatic() && !wrapper.isTransient) return wrapper.instance as Methods;
  const contextId = ContextIdFactory.create();
  moduleRef.registerRequestByContextId(delivery, contextId);
  return moduleRef.resolve<Methods>(wrapper.token as never, contextId, { strict: false });
}
