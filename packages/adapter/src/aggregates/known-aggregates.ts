import { type OtherTable, otherTables, readCaptureStates } from '../capture/index.js';
import { capturedAggregates } from './captured-aggregates.js';
import type { SqlExecutor } from '../database/index.js';
import { InvalidOptionsError, UnknownAggregateError } from '../errors.js';
import type { EntityMapping, MappingRegistry, StoredTable } from '../mapping/index.js';

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

  /** As they are captured. One that isn't yet, as the application names it. Without those that can't be looked at. */
  async all(): Promise<EntityMapping[]> {
    const captured = await capturedAggregates(this.sql, this.schema, this.own.all());
    const others = this.own
      .all()
      .filter(({ category }) => !captured.some((each) => each.category === category));
    if (others.length === 0) return captured;
    const unseen = new Set((await this.unseen()).map(({ category }) => category));
    return [...captured, ...others.filter(({ category }) => !unseen.has(category))];
  }

  /** All of them, and those that can't be looked at: what there is something to be said of. */
  async stated(): Promise<(EntityMapping | UnseenAggregate)[]> {
    return [...(await this.all()), ...(await this.unseen())];
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

  /** Where all are meant, those that can't be looked at, and those that are in another table: each once. */
  async unseenAmong(
    named: 'all' | readonly string[],
    elsewhere: readonly OtherTable[] = [],
  ): Promise<{ category: string; reason: string }[]> {
    const gone = named === 'all' ? await this.unseen() : [];
    const known = new Set(gone.map(({ category }) => category));
    return [...gone, ...elsewhere.filter(({ category }) => !known.has(category))];
  }

  /** Those of the application's whose table is not the captured one any more, among these. */
  async elsewhere(among: readonly EntityMapping[]): Promise<OtherTable[]> {
    const categories = new Set(among.map(({ category }) => category));
    const own = [...this.own.tables(), ...this.own.absent].filter(({ category }) => categories.has(category));
    return otherTables(this.sql, this.schema, own);
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

  /** What only one aggregate can have, such as a condition on its columns, is given for one. @throws InvalidOptionsError */
  async selectFor(
    names: 'all' | readonly string[],
    ofOne: Readonly<Record<string, unknown>>,
  ): Promise<EntityMapping[]> {
    const selected = await this.select(names);
    const [given] = Object.keys(ofOne).filter((name) => ofOne[name] !== undefined);
    if (given === undefined || selected.length === 1) return selected;
    throw new InvalidOptionsError(
      `"${given}" is for one aggregate, and ${selected.length} are meant.`,
      'Name the one that it is for.',
    );
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
