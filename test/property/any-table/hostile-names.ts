import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const sources = join(__dirname, '../../../packages/adapter/src');
const rooms = ['capture', 'mapping', 'verify', 'replay', 'backfill', 'shadow', 'event-store'];

/** Where a word of the sources may be an alias, a label, a variable, a mark or a name inside of generated SQL. */
const patterns = [
  /\b(?:as|from|join|lateral|declare|into|with|update|constant)\s+(?:materialized\s+)?"?([a-z_$][\w$]*)/g,
  /[)}]\s+"?([a-z_$][\w$]*)/g,
  /\b([a-z_$]\w*)\.[a-z_"$]/g,
  /"(\$\w+)"/g,
  /<<(\w+)>>/g,
  /(\$\w*\$)/g,
  /'(\w+)'/g,
];

/** All words that the generated triggers and queries may use, found in the sources: also those that are added later. */
const generated = [
  ...new Set(
    rooms.flatMap((room) =>
      readdirSync(join(sources, room))
        .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))
        .flatMap((file) => {
          const text = readFileSync(join(sources, room, file), 'utf8').replace(/\/\*\*[^]*?\*\//g, '');
          return patterns.flatMap((pattern) => [...text.matchAll(pattern)].map(([, word]) => word as string));
        }),
    ),
  ),
].sort();

const aliases = generated.filter((word) => word.length <= 2 || word.includes('$'));
const variables = [
  'backstory_old_rows',
  'backstory_new_rows',
  'backstory_roots',
  'backstory_state',
  'backstory_up_0',
];
const ofTriggers = [
  'old',
  'new',
  'tg_op',
  'tg_relid',
  'tg_table_name',
  'found',
  'capture',
  'context',
  'intents',
  'written',
];
const systemLike = [
  'public',
  'pg_catalog',
  'excluded',
  'oid',
  'cmin_',
  'information_schema',
  'events',
  'streams',
];
const keywords = [
  'select',
  'table',
  'user',
  'order',
  'group',
  'default',
  'null',
  'true',
  'end',
  'all',
  'check',
  'row',
  'value',
];
const ofJavaScript = [
  'constructor',
  '__proto__',
  'toString',
  'hasOwnProperty',
  'then',
  'length',
  'prototype',
  'valueOf',
];
const odd = [
  ...[
    'a b',
    ' ',
    'UPPER',
    'MiXed',
    "it's",
    "''",
    'back\\slash',
    '\\',
    '$$',
    '$1',
    '%s',
    '%I',
    '100%',
    '?',
    '{}',
    '[0]',
  ],
  ...[
    'ünï 🐈',
    'ä',
    '漢字',
    'e\u0301',
    '\u200b',
    '-- x',
    '/* x */',
    ';',
    '(',
    ')',
    ',',
    '|',
    '#',
    '@',
    '`',
    '1',
    '00',
  ],
  ...['$backstory_1$', 'backstory', 'x'.repeat(63), `y${'z'.repeat(79)}`],
];

/** Names that TypeORM can write; the first ones are harmless, so that failures shrink to them. */
export const hostileNames: readonly string[] = [
  ...['note', 'title', 'amount'],
  ...[...aliases, ...aliases, ...aliases],
  ...[...odd, ...odd],
  ...[...variables, ...ofTriggers, ...systemLike, ...keywords, ...ofJavaScript],
  ...generated,
];

/** For columns, which may have a dot: not so tables, where TypeORM takes it for the end of a schema, and not properties. */
export const hostileColumnNames: readonly string[] = [
  ...hostileNames,
  'a.b',
  '.',
  'n.o',
  'public.x',
  'ä'.repeat(40),
];

/** For everything that TypeORM doesn't name, which may have double quotes, too. */
export const quotedNames: readonly string[] = [...hostileColumnNames, '"', 'a"b', '""', '"$r"', `'"`, '";'];

/** Categories and entities are identifiers. */
export const hostileIdentifiers: readonly string[] = ['Thing', 'Other', ...hostileNames].filter((name) =>
  /^[\p{L}_][\p{L}\p{N}_]{0,40}$/u.test(name),
);
