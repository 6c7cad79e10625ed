import { readCaptureStates } from './capture/index.js';
import { capturedAggregates } from './captured-aggregates.js';
import type { SqlExecutor } from './database/index.js';
import { UnknownAggregateError } from './errors.js';
import type { EntityMapping, MappingRegistry, StoredTable } from './mapping/index.js';

/** An aggregate that is captured, but can't be looked at. */
export interface UnseenAggregate {
  readonly category: string;
  readonly entity: string;
  /** What it was called when it was last seen. */
  readonly table: { readonly schema: string; readonly name: string };
  readonly reason: string;
}

/** The aggregates of one database: those that the application names, and those that other releases or services have named. */
export class KnownAggregates {
  constructor(
    private readonly sql: SqlExecutor,
    private readonly schema: string,
    private readonly own: MappingRegistry,
  ) {}

  /** As they are captured. One that isn't yet, as the application names it. */
  async all(): Promise<EntityMapping[]> {
    const captured = await capturedAggregates(this.sql, this.schema, this.own.all());
    const others = this.own
      .all()
      .filter(({ category }) => !captured.some((each) => each.category === category));
    return [...captured, ...others];
  }

  /** What is captured and can't be seen, such as an aggregate whose table is gone, with the reason in words. */
  async unseen(): Promise<UnseenAggregate[]> {
    const states = await readCaptureStates(this.sql, this.schema);
    return states.flatMap(({ category, captured, mapping, tables: [table] }) =>
      captured && typeof mapping === 'string' && table
        ? [{ category, entity: table.entity, table, reason: mapping }]
        : [],
    );
  }

  /** @throws UnknownAggregateError which names those that are there; BackstoryError for a part of one */
  async get(name: string): Promise<EntityMapping> {
    const [found] = await this.select([name]);
    return found as EntityMapping;
  }

  /** @throws UnknownAggregateError */
  async select(names: 'all' | readonly string[]): Promise<EntityMapping[]> {
    const all = await this.all();
    if (names === 'all') return all;
    return names.map((name) => {
      const found = all.find((each) => isCalled(each, this.categoryOf(name) ?? name));
      // where the application doesn't know the name either, it says which there are
      return found ?? this.own.get(name);
    });
  }

  /** The category of a name, also of an aggregate whose table is gone. @throws UnknownAggregateError */
  async category(name: string): Promise<string> {
    const own = this.categoryOf(name);
    if (own !== undefined) return own;
    const tables = await this.tables();
    const found = tables.find((table) => isStoredAs(table, name));
    if (found) return found.category;
    throw new UnknownAggregateError('UNKNOWN_CATEGORY', name, [
      ...new Set([
        ...this.own.all().map(({ knownAs }) => knownAs),
        ...tables.map(({ category }) => category),
      ]),
    ]);
  }

  /** Whether somebody reads its rows other than along with others; what only other applications read counts as read. */
  readByItself(category: string): boolean {
    return this.own.find(category)?.readByItself ?? true;
  }

  /** What is kept of every captured table, also of those that are gone. */
  async tables(category?: string): Promise<StoredTable[]> {
    const states = await readCaptureStates(this.sql, this.schema);
    return states
      .filter((state) => category === undefined || state.category === category)
      .flatMap(({ tables }) => tables);
  }

  private categoryOf(name: string): string | undefined {
    return this.own.find(name)?.category;
  }
}

function isCalled({ category, knownAs, entity }: EntityMapping, name: string): boolean {
  return category === name || knownAs === name || entity === name;
}

function isStoredAs({ part, category, entity, captured }: StoredTable, name: string): boolean {
  return part === '' && (category === name || entity === name || captured?.knownAs === name);
}
