import type { AnnouncedEvent, AnnouncedPart } from '../capture/index.js';
import type { DecidedChange } from './command-decision.js';
import { rowsBeneath, type WrittenAggregate, type WrittenRows } from './command-parts.js';
import { quoteIdentifier, quoteLiteral, type SqlExecutor } from '../database/index.js';

type Step = DecidedChange['evolved']['steps'][number];
type Meanwhile = Step['meanwhile'];

/**
 * The events of a command, with the names of what each changes. Values that a property had in between are asked of PostgreSQL, which prints them as the column's
 * type does. Parts have their ids only when they are `written`.
 */
export async function announcedEvents(
  sql: SqlExecutor,
  schema: string,
  { events, evolved: { steps } }: Pick<DecidedChange, 'events' | 'evolved'>,
  written?: Pick<WrittenAggregate, 'mapping' | 'state'> & Pick<WrittenRows, 'ids'>,
): Promise<AnnouncedEvent[]> {
  const printed = await printedValues(
    sql,
    schema,
    steps.flatMap(({ meanwhile, parts }) => [...meanwhile, ...parts.flatMap((part) => part.meanwhile)]),
  );
  const between = (meanwhile: Meanwhile): { meanwhile?: Record<string, unknown> } =>
    meanwhile.length === 0
      ? {}
      : { meanwhile: Object.fromEntries(meanwhile.map((each) => [each.name, printed.get(each)])) };
  return events.map(({ type, data }, index) => {
    const { names = [], meanwhile = [], parts = [] } = steps[index] ?? {};
    const ofParts: Record<string, Record<string, AnnouncedPart>> = {};
    for (const { row, whole, ...part } of parts) {
      const path = row.mapping.part?.path ?? '';
      const id = row.id ?? written?.ids.get(row.place) ?? row.place;
      const beneath =
        whole && row.id !== undefined
          ? rowsBeneath(written?.mapping ?? row.mapping, written?.state, path, id)
          : [];
      (ofParts[path] ??= {})[id] = { whole, names: part.names, ...between(part.meanwhile) };
      for (const each of beneath) (ofParts[each.path] ??= {})[each.id] ??= { whole: true, names: [] };
    }
    return { type, data, names, ...between(meanwhile), ...(parts.length > 0 && { parts: ofParts }) };
  });
}

async function printedValues(
  sql: SqlExecutor,
  schema: string,
  values: Meanwhile,
): Promise<ReadonlyMap<Meanwhile[number], unknown>> {
  if (values.length === 0) return new Map();
  const forms = values.map(
    ({ column }, index) =>
      `${quoteIdentifier(schema)}.value_in_events($${index + 1}::${column.declaredType}, ${quoteLiteral(column.kind)})`,
  );
  const [row] = await sql.execute<{ values: unknown[] }>(
    `select array_to_json(array[${forms.join(', ')}]) as values`,
    values.map(({ value }) => value),
  );
  return new Map(values.map((each, index) => [each, row?.values[index]]));
}
