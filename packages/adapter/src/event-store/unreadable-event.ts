import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { streamName } from '../event/index.js';

/** Where the search for it begins and ends; everywhere by default. */
export interface EventPlace {
  readonly category?: string;
  readonly streamId?: string;
  readonly from?: bigint;
  readonly to?: bigint;
}

/** An event whose bytes are no UTF-8. */
export interface UnreadableEvent {
  readonly position: string;
  /** `order-42`, with a replacement character for what is unreadable. */
  readonly stream: string;
}

const pageLength = 500;

/** What is beyond ASCII, as bytes: the server sends no text that isn't UTF-8. */
const bytes = (text: string): string => `encode(convert_to(${text}, 'SQL_ASCII'), 'hex')`;
const columns = ['category', 'stream_id', 'type', 'data::text', 'metadata::text'];

/** The first event in the log or its archive that isn't UTF-8. For a database without an encoding (SQL_ASCII). */
export async function unreadableEvent(
  sql: SqlExecutor,
  schema: string,
  { category, streamId, from = -(2n ** 63n), to = 2n ** 63n - 1n }: EventPlace = {},
): Promise<UnreadableEvent | undefined> {
  const name = quoteIdentifier(schema);
  const all = columns.join(` || ' ' || `);
  const found = (table: string): string =>
    `(select global_position, ${bytes('category')} as category, ${bytes('stream_id')} as stream_id, ${bytes(all)} as bytes
      from ${name}.${table} where global_position between $1 and $2 and ($3::text is null or category = $3) and ($4::text is null or stream_id = $4)
        and (${all}) collate "C" ~ '[^\\x01-\\x7f]' order by global_position limit ${pageLength})`;
  for (let next = from; next <= to;) {
    const rows = await sql.executeText(
      `select * from (${found('events')} union all ${found('archived_events')}) e order by global_position limit ${pageLength}`,
      [String(next), String(to), category ?? null, streamId ?? null],
    );
    const unreadable = rows.find((row) => !isUtf8(row['bytes'] as string));
    if (unreadable) {
      const text = (column: string): string => Buffer.from(unreadable[column] as string, 'hex').toString();
      return {
        position: unreadable['global_position'] as string,
        stream: streamName(text('category'), text('stream_id')),
      };
    }
    if (rows.length < pageLength) return undefined;
    next = BigInt(rows.at(-1)?.['global_position'] as string) + 1n;
  }
  return undefined;
}

function isUtf8(hex: string): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(hex, 'hex'));
    return true;
  } catch {
    return false;
  }
}
