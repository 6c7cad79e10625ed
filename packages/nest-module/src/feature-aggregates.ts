import type { AggregateOptions, Backstory, BackstoryOptions, EntityTarget } from '@backstory/adapter';
import type { DynamicModule, Provider } from '@nestjs/common';
import { Module } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { Aggregates, type EntityClass } from './aggregates.js';
import { getAggregatesToken, getBackstoryToken } from './backstory.tokens.js';
import { eventSourcedOptions } from './decorators/event-sourced.decorator.js';
import { requireHistory } from './wiring/require-history.js';

const FEATURE = Symbol.for('backstory:Feature');

interface Feature {
  readonly dataSource: string;
  readonly entities: readonly EntityTarget[];
}

/** What `forFeature` returns: a module that says which entities to capture, and provides their `Aggregates`. */
@Module({})
export class BackstoryFeatureModule {
  static of(feature: Feature): DynamicModule {
    const aggregates = feature.entities
      .filter(isClass)
      .map((entity) => providerOf(entity, feature.dataSource));
    return {
      module: BackstoryFeatureModule,
      providers: [
        { provide: FEATURE, useValue: feature },
        requireHistory(feature.dataSource, feature.entities.map(nameOf)),
        ...aggregates,
      ],
      exports: aggregates.map(({ provide }) => provide),
    };
  }
}

function isClass(entity: EntityTarget): entity is EntityClass {
  return typeof entity === 'function';
}

function nameOf(entity: EntityTarget): string {
  if (typeof entity === 'string') return `'${entity}'`;
  return typeof entity === 'function' ? entity.name : entity.options.name;
}

/** Beside `BackstoryTenantsModule` alone there is no one history that they could be of. */
function providerOf(
  entity: EntityClass,
  dataSource: string,
): Extract<Provider, { useFactory: unknown }> & { provide: symbol } {
  return {
    provide: getAggregatesToken(entity, dataSource),
    inject: [{ token: getBackstoryToken(dataSource), optional: true }],
    useFactory: (backstory: Backstory | undefined) => new Aggregates(entity, backstory),
  };
}

/**
 * The aggregates of `forRoot` and of this application's `forFeature` imports together. With `all`, features only say
 * how theirs are captured. Where `forRoot` names none, the features' are the only ones; where nobody names any, all are captured.
 * Nest has scanned every module before it makes the first provider, so all features are known by then.
 */
export function aggregatesOf(
  modules: ModulesContainer,
  dataSource: string,
  fromRoot: BackstoryOptions['aggregates'],
): BackstoryOptions['aggregates'] {
  const features = [...modules.values()]
    .map((module) => module.providers.get(FEATURE)?.instance as Feature | undefined)
    .filter((feature) => feature?.dataSource === dataSource);
  const entities = new Set(features.flatMap((feature) => feature?.entities ?? []));
  if (entities.size === 0) return fromRoot;
  return [...(fromRoot === 'all' ? [fromRoot] : (fromRoot ?? [])), ...[...entities].map(withDecorator)];
}

function withDecorator(entity: EntityTarget): AggregateOptions {
  return { entity, ...(typeof entity === 'function' ? eventSourcedOptions(entity) : {}) };
}
