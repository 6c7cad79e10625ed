import { Inject, Injectable, type OnApplicationBootstrap, type Type } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, ModuleRef, ModulesContainer } from '@nestjs/core';
import { findHandlers } from '../events/find-handlers.js';
import { consumerOf, projectionOf } from '../events/on-event.decorator.js';
import { requireConsumers } from './require-consumers.js';

/** `BackstoryTenantsModule` calls no `@OnEvent` methods: ends the start of an application where nobody else does. */
@Injectable()
export class HandlersBesideTenants implements OnApplicationBootstrap {
  constructor(
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(MetadataScanner) private readonly scanner: MetadataScanner,
    @Inject(ModuleRef) private readonly moduleRef: ModuleRef,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
  ) {}

  onApplicationBootstrap(): void {
    for (const { type } of findHandlers(this.discovery, this.scanner, this.moduleRef)) {
      const { dataSource = 'default' } = projectionOf(type) ?? consumerOf(type);
      requireConsumers(this.modules, (type as Type).name, dataSource);
    }
  }
}
