import { quoteIdentifier, quoteLiteral, type SqlExecutor } from '../database/index.js';
import { UnknownAggregateError, InvalidOptionsError } from '../errors.js';
import { ownData, propertyOf, type ValuePath, valuesOf } from '../event/index.js';
import { streamIdsBehind, streamsAtATime } from '../event-store/index.js';
import type { EntityMapping } from '../mapping/index.js';
import { partPathsIn, upcastData } from '../upcasting/index.js';
import {
  type Choice,
  isErasedWithSubject,
  isFormerPersonal,
  mappingOf,
  personalOf,
  saidPersonal,
} from './properties.js';
import { knownStream } from './known-stream.js';
import { named, type SearchScope, searched, unsearchedFor } from './search-scope.js';
import { storedEvents } from './stored-events.js';
import { isSameSubject, namingProperties } from './subject-names.js';
import type { SubjectSearch } from './subject-search.js';

/** Somebody whose data are asked for, or erased. */
export interface Subject {
  /** What the application calls it, which is the category of its own stream where it has one. */
  readonly category: string;
  readonly id: string;
}

/** A stream that has data of a subject. */
export interface SubjectStream {
  readonly mapping: EntityMapping;
  readonly streamId: string;
  /** Whether it is the subject's own, or has named it at some time, by its root or by some of its parts. */
  readonly holds: 'own' | 'root' | 'parts';
  readonly chosen: Choice;
}

const streamsLookedThrough = 1_000;

/** `customer:42`. @throws InvalidOptionsError */
export function subjectNamed(name: string): Subject {
  const [category = '', ...rest] = name.split(':');
  const id = rest.join(':');
  if (category !== '' && id !== '') return { category, id };
  throw new InvalidOptionsError(
    `"${name}" is no subject.`,
    'Give its category and its id, such as customer:42.',
  );
}

/**
 * The subject's own stream, and those whose events have named it at any time, also archived ones. Reads all events of the
 * aggregates that may name it.
 * @throws UnknownAggregateError where nothing is of such a subject; InvalidOptionsError for what can't be its id
 */
export async function* subjectStreams(
  sql: SqlExecutor,
  schema: string,
  scope: SearchScope,
  { category, id: given }: Subject,
  search: SubjectSearch,
): AsyncGenerator<SubjectStream, void, undefined> {
  const mappings = searched(scope);
  const all = named(scope);
  const names = (mapping: EntityMapping): string[] => namingProperties(mapping, all, category);
  const own = mappings.find((mapping) => isSameSubject(all, mapping.category, category));
  const naming = mappings.filter((root) => [root, ...root.parts].some((each) => names(each).length > 0));
  if (!own && naming.length === 0 && unsearchedFor(scope, category).every(({ subjects }) => !subjects))
    throw new UnknownAggregateError('UNKNOWN_CATEGORY', category, subjectsOf(mappings));
  if (search.endsBefore(...(own ? [own] : []), ...naming)) return;
  const known = own && (await knownStream(sql, schema, own, given));
  const id = known ?? given;
  if (own && known !== undefined) yield { mapping: own, streamId: id, holds: 'own', chosen: personalOf(own) };
  for (const [index, mapping] of naming.entries()) {
    if (search.endsBefore(...naming.slice(index))) return;
    for await (const { streamId, byRoot, parts } of namingStreams(sql, schema, mapping, id, names, search)) {
      if (mapping === own && streamId === id) continue;
      const chosen: Choice = (path, change) =>
        change === 'none' || path[0] === ownData ? byRoot : isOfSubject(mapping, path, byRoot, parts);
      yield { mapping, streamId, holds: byRoot ? 'root' : 'parts', chosen };
    }
  }
}

/** What a stream that names a subject holds of it: of the root's and all parts' what is said to be personal, or of some parts. */
function isOfSubject(
  root: EntityMapping,
  path: ValuePath,
  byRoot: boolean,
  parts: ReadonlySet<string>,
): boolean {
  const mapping = mappingOf(root, path);
  if (!mapping) return byRoot && isFormerPersonal(root, path, false);
  if (saidPersonal(mapping, root) === undefined) return false;
  return isErasedWithSubject(mapping, root, path) && (byRoot || parts.has(partKey(path)));
}

interface NamingStream {
  readonly streamId: string;
  readonly byRoot: boolean;
  /** Keys of the parts that name it. */
  readonly parts: ReadonlySet<string>;
}

async function* namingStreams(
  sql: SqlExecutor,
  schema: string,
  root: EntityMapping,
  id: string,
  names: (mapping: EntityMapping) => string[],
  search: SubjectSearch,
): AsyncGenerator<NamingStream> {
  const naming = new Set(
    [root, ...root.parts].flatMap((mapping) =>
      names(mapping).map((property) => (mapping.part ? `${mapping.part.path}.${property}` : property)),
    ),
  );
  let done = 0;
  search.heard(root, done);
  for (let after: string | undefined, more = true; more;) {
    if (search.endsBefore(root)) return;
    const page: string[] = await streamIdsBehind(sql, schema, root.category, after, streamsLookedThrough);
    more = page.length === streamsLookedThrough;
    const holding = await candidates(sql, schema, root, id, after, more ? page.at(-1) : undefined);
    for (const ids of await streamsAtATime(sql, schema, root.category, holding)) {
      const found = new Map<string, { byRoot: boolean; parts: Set<string> }>();
      for (const event of await storedEvents(sql, schema, root.category, ids)) {
        for (const [path, value] of valuesOf(upcastData(root, event), partPathsIn(root, event))) {
          if (!naming.has(propertyOf(path)) || textOf(value) !== id) continue;
          const stream = found.get(event.streamId) ?? { byRoot: false, parts: new Set() };
          found.set(event.streamId, stream);
          if (path.length === 1) stream.byRoot = true;
          else stream.parts.add(partKey(path));
        }
      }
      for (const [streamId, stream] of found) {
        if (search.endsBefore(root)) return;
        yield { streamId, ...stream };
      }
    }
    search.heard(root, (done += page.length));
    after = page.at(-1);
  }
}

/**
 * Streams behind one and up to another that have the id somewhere in the text of their events; all of them where code may have made it of
 * something else. So each event is looked through once, also where most have it.
 */
async function candidates(
  sql: SqlExecutor,
  schema: string,
  { category, upcasters }: EntityMapping,
  id: string,
  after: string | undefined,
  through: string | undefined,
): Promise<string[]> {
  const name = quoteIdentifier(schema);
  const isAnywhere = Object.keys(upcasters).length > 0;
  const from = (table: string): string =>
    `select e.stream_id from ${name}.${table} e where e.category = ${quoteLiteral(category)}
       and ($2::boolean or strpos(e.data::text, $1) > 0)
       ${after === undefined ? '' : 'and e.stream_id > $3'} ${through === undefined ? '' : `and e.stream_id <= ${after === undefined ? '$3' : '$4'}`}`;
  const rows = await sql.execute<{ id: string }>(
    `select stream_id as id from (${from('events')} union ${from('archived_events')}) e order by stream_id collate "C"`,
    [JSON.stringify(id).slice(1, -1), isAnywhere, after, through].filter((each) => each !== undefined),
  );
  return rows.map(({ id: streamId }) => streamId);
}

function subjectsOf(mappings: readonly EntityMapping[]): string[] {
  return [
    ...new Set(
      mappings.flatMap((root) => [
        root.knownAs,
        ...[root, ...root.parts].flatMap(({ subject = {} }) => Object.keys(subject)),
      ]),
    ),
  ];
}

function partKey([path, id]: ValuePath): string {
  return JSON.stringify([path, id]);
}

/** A value that may be an id, as ids are written. */
function textOf(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}
