import type { SqlExecutor } from '../database/index.js';
import { type EntityMapping, formerMapping, readStoredTables } from '../mapping/index.js';

/**
 * The aggregates that other releases and services have named, by what the database keeps of them: whose data their events are. Events
 * that their own code upcasts are taken as they are stored, for nobody here has that code.
 */
export class OtherAggregates {
  private known = '[]';
  private mappings: readonly EntityMapping[] = [];

  constructor(
    private readonly sql: SqlExecutor,
    private readonly schema: string,
  ) {}

  /** The same objects as long as nothing has changed, so that what was found out with them holds. */
  async beside(own: readonly EntityMapping[]): Promise<readonly EntityMapping[]> {
    const categories = new Set(own.map(({ category }) => category));
    const stored = await readStoredTables(this.sql, this.schema);
    const tables = stored.filter(({ category }) => !categories.has(category));
    const known = JSON.stringify(tables);
    if (known === this.known) return this.mappings;
    this.mappings = [...new Set(tables.map(({ category }) => category))].flatMap((category) => {
      const mapping = formerMapping(tables.filter((table) => table.category === category));
      return mapping ? [{ ...mapping, foldsInSql: true }] : [];
    });
    this.known = known;
    return this.mappings;
  }
}
