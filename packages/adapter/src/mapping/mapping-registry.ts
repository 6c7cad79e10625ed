import { BackstoryError, UnknownAggregateError } from '../errors.js';
import type { EntityMapping } from './entity-mapping.js';
import { type NamedTable, namedTables } from './named-table.js';

/** The mappings of one application, found by category, by entity name or by table. */
export class MappingRegistry {
  private readonly byCategory = new Map<string, EntityMapping>();
  private readonly byNameOfToday = new Map<string, EntityMapping>();
  private readonly byEntity = new Map<string, EntityMapping>();
  private readonly byTable = new Map<string, EntityMapping>();

  private missing: readonly NamedTable[] = [];

  constructor(mappings: readonly EntityMapping[], absent: readonly NamedTable[] = []) {
    this.replace(mappings, absent);
  }

  /** The same aggregates, as they are known by now, and the tables that entities name and that aren't there. */
  replace(mappings: readonly EntityMapping[], absent: readonly NamedTable[]): void {
    this.missing = absent;
    for (const map of [this.byCategory, this.byNameOfToday, this.byEntity, this.byTable]) map.clear();
    for (const root of mappings) {
      this.byCategory.set(root.category, root);
      this.byNameOfToday.set(root.knownAs, root);
    }
    for (const mapping of mappings.flatMap((root) => [root, ...root.parts])) {
      this.byEntity.set(mapping.entity, mapping);
      this.byTable.set(tableKey(mapping.table.schema, mapping.table.name), mapping);
    }
  }

  /** The roots; each knows its parts. */
  all(): EntityMapping[] {
    return [...this.byCategory.values()];
  }

  /** The table of each aggregate and of each part, by the application's name for it. */
  tables(): NamedTable[] {
    return namedTables(this.all());
  }

  /** Those that the application names and that aren't there. */
  get absent(): readonly NamedTable[] {
    return this.missing;
  }

  /** Of an aggregate, or of a part of one. */
  ofTable(schema: string, name: string): EntityMapping | undefined {
    return this.byTable.get(tableKey(schema, name));
  }

  /**
   * The aggregate of a category or entity.
   * @throws UnknownAggregateError which names those that are there; BackstoryError for a part of one
   */
  get(categoryOrEntity: string): EntityMapping {
    const mapping = this.named(categoryOrEntity);
    if (!mapping)
      throw new UnknownAggregateError('UNKNOWN_CATEGORY', categoryOrEntity, [...this.byNameOfToday.keys()]);
    if (!mapping.part) return mapping;
    throw new BackstoryError(
      'UNKNOWN_CATEGORY',
      `"${categoryOrEntity}" has no streams of its own: it is "${mapping.part.path}" of the aggregate "${mapping.category}".`,
      `Ask for "${mapping.category}".`,
    );
  }

  /** As {@link get}; undefined for a name that isn't there. @throws BackstoryError for a part of an aggregate */
  find(categoryOrEntity: string): EntityMapping | undefined {
    return this.named(categoryOrEntity) && this.get(categoryOrEntity);
  }

  /** @throws UnknownAggregateError */
  select(aggregates: 'all' | readonly string[]): EntityMapping[] {
    return aggregates === 'all' ? this.all() : aggregates.map((name) => this.get(name));
  }

  private named(name: string): EntityMapping | undefined {
    return this.byNameOfToday.get(name) ?? this.byCategory.get(name) ?? this.byEntity.get(name);
  }
}

function tableKey(schema: string, name: string): string {
  return JSON.stringify([schema, name]);
}
