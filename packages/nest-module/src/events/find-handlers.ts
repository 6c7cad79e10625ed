import type { Delivery, EventHandler } from '@backstory/adapter';
import { ContextIdFactory, DiscoveryService, MetadataScanner, ModuleRef } from '@nestjs/core';
import type { EntityManager } from 'typeorm';
import { selectorsOf } from './on-event.decorator.js';

/** A class with handlers. */
export interface HandlingClass {
  readonly type: object;
  readonly handlers: readonly EventHandler<EntityManager>[];
}

type Wrapper = ReturnType<DiscoveryService['getProviders']>[number];
type Methods = Record<string, (event: unknown, delivery: Delivery<EntityManager>) => unknown>;

/** The `@OnEvent` methods of the application's providers, each class once, however many modules provide it. */
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
    const handlers = scanner.getAllMethodNames(prototype).flatMap((name) =>
      selectorsOf((prototype as Methods)[name] as object).map((on) => ({
        on,
        handle: async (event: unknown, delivery: Delivery<EntityManager>): Promise<unknown> =>
          (await instanceFor(wrapper, moduleRef, delivery))[name]?.(event, delivery),
      })),
    );
    if (handlers.length > 0) found.set(type, { type, handlers });
  }
  return [...found.values()];
}

/** A class with request-scoped dependencies is made anew for each event; the delivery is its request. */
async function instanceFor(
  wrapper: Wrapper,
  moduleRef: ModuleRef,
  delivery: Delivery<EntityManager>,
): Promise<Methods> {
  if (wrapper.isDependencyTreeStatic() && !wrapper.isTransient) return wrapper.instance as Methods;
  const contextId = ContextIdFactory.create();
  moduleRef.registerRequestByContextId(delivery, contextId);
  return moduleRef.resolve<Methods>(wrapper.token as never, contextId, { strict: false });
}
