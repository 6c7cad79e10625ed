import { UnknownAggregateError } from '../errors.js';
import type { EntityMapping } from './entity-mapping.js';

/** The mappings of one application, found by category, by entity name or by table. */
export class MappingRegistry {
  private readonly byCategory = new Map<string, EntityMapping>();
  private readonly byEntity = new Map<string, EntityMapping>();
  private readonly byTable = new Map<string, EntityMapping>();

  constructor(mappings: readonly EntityMapping[]) {
    for (const mapping of mappings) {
      this.byCategory.set(mapping.category, mapping);
      this.byEntity.set(mapping.entity, mapping);
      this.byTable.set(tableKey(mapping.table.schema, mapping.table.name), mapping);
    }
  }

  all(): EntityMapping[] {
    return [...this.byCategory.values()];
  }

  ofTable(schema: string, name: string): EntityMapping | undefined {
    return this.byTable.get(tableKey(schema, name));
  }

  /** @throws UnknownAggregateError which names those that are there */
  get(categoryOrEntity: string): EntityMapping {
    const mapping = this.byCategory.get(categoryOrEntity) ?? this.byEntity.get(categoryOrEntity);
    if (!mapping)
      throw new UnknownAggregateError('UNKNOWN_CATEGORY', categoryOrEntity, [...this.byCategory.keys()]);
    return mapping;
  }

  /** @throws UnknownAggregateError */
  select(aggregates: 'all' | readonly string[]): EntityMapping[] {
    return aggregates === 'all' ? this.all() : aggregates.map((name) => this.get(name));
  }
}

function tableKey(schema: string, name: string): string {
  return JSON.stringify([schema, name]);
}
