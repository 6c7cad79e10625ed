import { Inject } from '@nestjs/common';
import type { EntityClass } from '../aggregates.js';
import { getAggregatesToken } from '../backstory.tokens.js';

/**
 * Injects commands and histories of one entity: `constructor(@InjectAggregates(Order) private readonly orders: Aggregates<Order>)`.
 * The entity is one of `BackstoryModule.forFeature`. Takes the name of the DataSource where there are several.
 * @example constructor(@InjectAggregates(Order) private readonly orders: Aggregates<Order>) {}
 */
export const InjectAggregates = (
  entity: EntityClass,
  dataSource?: string,
): PropertyDecorator & ParameterDecorator => Inject(getAggregatesToken(entity, dataSource));
