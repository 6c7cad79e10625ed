import { quoteIdentifier, quoteLiteral } from '../database/index.js';
import type { ColumnMapping, EntityMapping } from '../mapping/index.js';

/**
 * Version and update date go on instead of back: who has loaded the entity at some version must not find that one again with other
 * values in it, and who reads what has changed since a moment must find what was restored.
 */
export class Bookkeeping {
  /** `timeZone`: of the session, in which the application's timestamps without one are. */
  constructor(
    private readonly mapping: EntityMapping,
    private readonly schema: string,
    private readonly timeZone: string,
  ) {}

  /** Of a row that is there; undefined for any other column. */
  readonly goingOn = (column: ColumnMapping, current: string): string | undefined => {
    if (!this.mapping.bookkeeping.includes(column.property)) return undefined;
    return column.kind === 'datetime' ? this.now(column) : `${current} + 1`;
  };

  /** The jsonb expression `state` of a row that is inserted, of the stream and with the id behind `alias`. */
  ofInserted(state: string, alias: string): string {
    const { columns, bookkeeping } = this.mapping;
    const values = columns
      .filter(({ property }) => bookkeeping.includes(property))
      .map((column) => {
        const value =
          column.kind === 'datetime' ? `(${this.now(column)})::text` : this.behindTheLast(column, alias);
        return `jsonb_build_object(${quoteLiteral(column.property)}, ${value})`;
      });
    return [state, ...values].join(' || ');
  }

  private now({ typeName, sqlType }: ColumnMapping): string {
    return typeName === 'timestamptz'
      ? 'now()'
      : `(now() at time zone ${quoteLiteral(this.timeZone)})::${sqlType}`;
  }

  /** One more than the row has ever had. */
  private behindTheLast({ property }: ColumnMapping, alias: string): string {
    const { category, part } = this.mapping;
    const data = part ? `(v.data -> ${quoteLiteral(part.path)} -> ${alias}.row_id)` : 'v.data';
    return `(select coalesce(max((${data} ->> ${quoteLiteral(property)})::numeric), 0) + 1
      from ${quoteIdentifier(this.schema)}.all_events v
      where v.category = ${quoteLiteral(category)} and v.stream_id = ${alias}.stream_id and v.change <> 'n')`;
  }
}
