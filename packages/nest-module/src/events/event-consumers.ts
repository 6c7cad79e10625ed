import { Backstory, type EventHandler, InvalidOptionsError, onEvent } from '@backstory/adapter';
import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type Type,
} from '@nestjs/common';
import { DiscoveryService, MetadataScanner, ModuleRef, ModulesContainer } from '@nestjs/core';
import type { EntityManager } from 'typeorm';
import { BACKSTORY_OPTIONS, DATA_SOURCE_NAME, OWN_BACKSTORY } from '../backstory.tokens.js';
import type { BackstoryModuleOptions } from '../backstory-module.options.js';
import { findHandlers, type HandlingClass } from './find-handlers.js';
import { targetOfProjection } from './target-of-projection.js';
import { requireConsumers } from '../wiring/require-consumers.js';
import { consumerOf, type EventConsumerOptions, projectionOf } from './on-event.decorator.js';

interface EventBus {
  publish(event: object): unknown;
}

/** Starts the application's consumers when everything else is there, and stops them before anything else goes. */
@Injectable()
export class EventConsumers implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(
    @Inject(OWN_BACKSTORY) private readonly backstory: Backstory,
    @Inject(BACKSTORY_OPTIONS) private readonly options: BackstoryModuleOptions,
    @Inject(DATA_SOURCE_NAME) private readonly dataSource: string,
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(MetadataScanner) private readonly scanner: MetadataScanner,
    @Inject(ModuleRef) private readonly moduleRef: ModuleRef,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    this.define();
    // The command line boots the application to ask and to tell, not to work.
    const onCommandLine = (globalThis as Record<symbol, unknown>)[Symbol.for('backstory:CommandLine')];
    if (!onCommandLine && this.options.startConsumers !== false) await this.backstory.consumers.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.backstory.consumers.stop();
  }

  private define(): void {
    const consumers = new Map<
      string,
      { options: EventConsumerOptions; handlers: EventHandler<EntityManager>[] }
    >();
    for (const found of findHandlers(this.discovery, this.scanner, this.moduleRef)) {
      const { type, handlers } = found;
      const projection = projectionOf(type);
      requireOneKind(found, projection !== undefined);
      const { name, ...options } = projection ?? consumerOf(type);
      const { dataSource = 'default' } = options;
      requireConsumers(this.modules, (type as Type).name, dataSource);
      if (dataSource !== this.dataSource) continue;
      if (projection) {
        const [batchHandler] = found.batchHandlers;
        const { into, ...definition } = projection;
        this.backstory.consumers.project({
          ...definition,
          handlers: batchHandler ?? handlers,
          ...(into !== undefined && { into: targetOfProjection(this.moduleRef, (type as Type).name, into) }),
        });
      } else {
        const known = consumers.get(name) ?? { options: {}, handlers: [] };
        consumers.set(name, {
          options: { ...known.options, ...options },
          handlers: [...known.handlers, ...handlers],
        });
      }
    }
    for (const [name, { options, handlers }] of consumers) {
      this.backstory.consumers.define({ ...options, name, handlers });
    }
    const { cqrs } = this.options;
    if (cqrs) this.bridge(cqrs.events, cqrs.consumer ?? 'cqrs');
  }

  /** By name: @nestjs/cqrs is the application's own, and need not be there. */
  private bridge(events: readonly Type<object>[], name: string): void {
    const wrapper = this.discovery.getProviders().find(({ metatype }) => metatype?.name === 'EventBus');
    const bus = wrapper?.instance as EventBus | undefined;
    if (!bus) {
      throw new Error(
        'BackstoryModule: "cqrs" needs the EventBus of @nestjs/cqrs. Import CqrsModule.forRoot() in the root module.',
      );
    }
    this.backstory.consumers.define({
      name,
      handlers: events.map((type) => onEvent(type, async (event) => void (await bus.publish(event)))),
    });
  }
}

function requireOneKind({ type, handlers, batchHandlers }: HandlingClass, isProjection: boolean): void {
  if (batchHandlers.length === 0) return;
  const { name } = type as { name: string };
  if (!isProjection) {
    throw new InvalidOptionsError(
      `${name} has an @OnEventBatch method, and is no projection.`,
      'Add @EventProjection({ name: … }), or use @OnEvent: other consumers get one event at a time.',
    );
  }
  if (handlers.length + batchHandlers.length > 1) {
    throw new InvalidOptionsError(
      `${name} has an @OnEventBatch method beside other handlers: their order would be lost.`,
      'Give each a class of its own, or name all selectors in one @OnEventBatch.',
    );
  }
}
