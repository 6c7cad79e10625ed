import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { changeFromCode, type EventData } from '../event/index.js';
import type { EntityMapping, PartMapping } from '../mapping/index.js';
import { requireUpcasters } from '../replay/index.js';
import { upcastData } from '../upcasting/index.js';
import type { KnownNamings } from './known-namings.js';

/** A property that names a subject: of the root, or of one of its parts. */
export interface Naming {
  /** The subject's category, as the options have it. */
  readonly subject: string;
  readonly property: string;
  readonly part?: PartMapping | undefined;
  readonly id?: string;
}

/** Of which stream a property is asked for, and at which event. */
export interface AskedNaming extends Naming {
  readonly root: EntityMapping;
  readonly streamId: string;
  readonly position: number;
  /** Another epoch may have other events at the same positions. */
  readonly epoch: string | undefined;
}

/** What the property was before that event. Undefined where it wasn't there. */
export type Named = (asked: AskedNaming) => unknown;

interface Found {
  readonly n: number;
  readonly position: number;
  readonly code: string;
  readonly schemaVersion: number;
  readonly type: string;
  readonly value: unknown;
  /** Where code makes the property of something else. */
  readonly data: EventData | null;
}

interface Question extends AskedNaming {
  /** What is known to count before `position`. */
  readonly known: { readonly value: unknown } | undefined;
  readonly last: number;
  readonly found: { readonly position: number; readonly value: unknown }[];
}

/**
 * What properties were before events, also archived ones: one query for all of them. For each property of each stream it goes back
 * from the first event that asks, to the one that says it, and reads those between the first and the last that do. Of aggregates
 * with upcasters also all events of former versions, because code may make the property of anything. Neither goes further back than
 * to where it is known, and what is found is known from then on.
 */
export async function namedBefore(
  sql: SqlExecutor,
  schema: string,
  asked: readonly AskedNaming[],
  namings: KnownNamings,
): Promise<Named> {
  const questions = new Map<string, Question>();
  for (const [place, { first, last }] of ranges(asked)) {
    const known = namings.before(place, first.root, first.position);
    questions.set(place, { ...first, position: known?.position ?? first.position, known, last, found: [] });
  }
  const all = [...questions.values()];
  new Set(all.map(({ root }) => root)).forEach(requireUpcasters);
  const rows =
    all.length === 0
      ? []
      : await sql.execute<Found>(
          `select n, stream_position::float8 as position, change as code, schema_version as "schemaVersion", type, value, data
           from ${quoteIdentifier(schema)}.named_before(
             $1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::jsonb[], $9::integer[])`,
          columnsOf(all),
        );
  for (const row of rows) {
    const question = all[row.n] as Question;
    question.found.push({
      position: row.position,
      value: row.data ? valueIn(question, row, row.data) : row.value,
    });
  }
  for (const { found } of all) found.sort((one, other) => one.position - other.position);
  for (const [place, question] of questions) {
    const { root, last } = question;
    namings.keep(place, { root, position: last, value: valueBefore(question, last) });
  }
  return (each) => {
    const question = questions.get(keyOf(each));
    return question && valueBefore(question, each.position);
  };
}

function valueBefore({ found, known }: Question, before: number): unknown {
  return (found.findLast(({ position, value }) => position < before && value !== undefined) ?? known)?.value;
}

/** Of each place the first that asks, and the last position. */
function ranges(asked: readonly AskedNaming[]): Map<string, { first: AskedNaming; last: number }> {
  const found = new Map<string, { first: AskedNaming; last: number }>();
  for (const each of asked) {
    const place = keyOf(each);
    const { first, last } = found.get(place) ?? { first: each, last: each.position };
    found.set(place, {
      first: each.position < first.position ? each : first,
      last: Math.max(last, each.position),
    });
  }
  return found;
}

function keyOf({ root, streamId, epoch, part, id, property }: AskedNaming): string {
  return JSON.stringify([root.category, streamId, epoch, part?.part.path, id, property]);
}

/** The questions as columns of a table: PostgreSQL takes these apart sooner than JSON. */
function columnsOf(questions: readonly Question[]): unknown[][] {
  const column = <Value>(of: (question: Question) => Value): Value[] => questions.map(of);
  return [
    column(({ root }) => root.category),
    column(({ streamId }) => streamId),
    column(({ position }) => position),
    column(({ last }) => last),
    column(({ part }) => part?.part.path ?? null),
    column(({ id }) => id ?? null),
    column(({ property }) => property),
    column(({ root, part, property }) => {
      const paths = part ? formerNames(root, part.part.path) : [];
      const names = formerNames(part ?? root, property);
      return paths.length + names.length > 0 ? JSON.stringify({ paths, names }) : null;
    }),
    column(({ root, known }) => {
      const version = Object.keys(root.upcasters).length > 0 ? root.schemaVersion : 0;
      return known ? -1 - version : version;
    }),
  ];
}

function formerNames({ renamed }: Pick<EntityMapping, 'renamed'>, today: string): string[] {
  return Object.keys(renamed).filter((former) => renamed[former] === today);
}

function valueIn(
  question: Question,
  { position, code, schemaVersion, type }: Found,
  data: EventData,
): unknown {
  const { root, streamId, part, id, property } = question;
  const change = changeFromCode(code);
  const event = {
    category: root.category,
    streamId,
    streamPosition: position,
    type,
    change,
    schemaVersion,
    data,
  };
  const today = upcastData(root, event);
  const patch = part
    ? ((today[part.part.path] ?? {}) as Record<string, EventData | null>)[id as string]
    : today;
  if (patch === null || patch === undefined) return patch;
  return Object.hasOwn(patch, property) ? patch[property] : change === 'created' ? null : undefined;
}
