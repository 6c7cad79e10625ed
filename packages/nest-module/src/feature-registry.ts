import type { AggregateOptions, BackstoryOptions, EntityTarget } from '@backstory/adapter';
import { eventSourcedOptions } from './decorators/event-sourced.decorator.js';

// Nest evaluates every forFeature() before it makes the first provider, as @nestjs/typeorm relies on, too.
const registered = new Map<string, Set<EntityTarget>>();

export function registerEntities(dataSource: string, entities: readonly EntityTarget[]): void {
  const known = registered.get(dataSource) ?? new Set();
  registered.set(dataSource, known);
  for (const entity of entities) known.add(entity);
}

/**
 * The aggregates of `forRoot` and `forFeature` together. With `all`, a feature only adds what its `@EventSourced` says.
 * Where `forRoot` names none, the features' are the only ones; where nobody names any, all are captured.
 */
export function aggregatesOf(dataSource: string, fromRoot: BackstoryOptions['aggregates']): BackstoryOptions['aggregates'] {
  const fromFeatures = [...(registered.get(dataSource) ?? [])].map(withDecorator);
  if (fromFeatures.length === 0 || fromRoot === 'all') return fromRoot;
  return [...(fromRoot ?? []), ...fromFeatures];
}

function withDecorator(entity: EntityTarget): AggregateOptions {
  return { entity, ...(typeof entity === 'function' ? eventSourcedOptions(entity) : {}) };
}
