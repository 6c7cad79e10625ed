import { seededRandom, type Random } from '../library/random.js';
import { changes } from './changes.js';
import { createTableSql, quoted, type Release } from './release.js';
import { ReleaseDraft } from './release-draft.js';

/** Each plan of ten releases has one of every line. */
const deck = [
  ['addNullable', 'addDefault', 'addComputed'],
  ['dropAtOnce', 'unmap'],
  ['renameColumn', 'renameBoth', 'renameProperty'],
  ['renameProperty', 'renameBoth'],
  ['retype'],
  ['newEntity'],
  ['entityGone'],
  ['ownMore'],
];

/** Rows that are there before Backstory is, with the ids from 1. */
export const rowsFromBefore = 12;

/**
 * The first release, and so many after it, each with a migration of one table: several in one transaction would wait for each
 * other and for writers in circles, with Backstory or without.
 * @param only kinds of changes, instead of a random mixture of all
 */
export function planReleases(seed: number, count: number, only?: readonly string[]): Release[] {
  const random = seededRandom(seed);
  const draft = new ReleaseDraft(random);
  const order = draft.entity({ idType: 'int' });
  const line = draft.entity({
    idType: 'int',
    parent: order.key,
    relation: 'lines',
    owned: only !== undefined && random.chance(0.5),
  });
  const other = draft.entity({ idType: 'int' });
  draft.entities = [order, line, other];
  for (const entity of draft.entities) {
    entity.columns.push(
      draft.column(['text'], { nullable: false }),
      draft.column(['varchar'], { digits: true }),
      draft.column(['int']),
      draft.column(['bigint', 'numeric', 'timestamptz', 'jsonb', 'uuid', 'boolean']),
    );
    draft.migration.push(...createTableSql(entity, draft.of(entity.parent)));
  }
  const releases = [draft.finish(0, 'the first')];
  const kinds = only ?? mixture(random, count);
  for (let number = 1; number <= count; number++) {
    const kind = kinds[(number - 1) % kinds.length]!;
    const candidates = [kind, 'dropUnmapped', 'dropTable', 'addNullable', 'newEntity'];
    let change: string | undefined;
    // Only what a kind finds nothing to do for is replaced by another.
    for (const each of candidates) if ((change = changes[each]?.(draft)) !== undefined) break;
    const writes = random.chance(0.5) ? writeInMigration(draft, releases.at(-1)!, number) : [];
    releases.push(draft.finish(number, change ?? 'nothing', writes));
  }
  return releases;
}

function mixture(random: Random, count: number): string[] {
  const kinds = random.sample(deck, deck.length).map((line) => random.pick(line)!);
  while (kinds.length < count) {
    const kind = random.pick(['dropUnmapped', 'dropTable', ...Object.keys(changes)])!;
    kinds.splice(random.integer(0, kinds.length), 0, kind);
  }
  // What leaves might be all that could have been owned.
  const [gone, owned] = [kinds.indexOf('entityGone'), kinds.indexOf('ownMore')];
  if (gone < owned) [kinds[gone], kinds[owned]] = ['ownMore', 'entityGone'];
  return kinds.slice(0, count);
}

/** Lets the migration change rows of the table that it alters, before or after: in a text that was there and stays. */
function writeInMigration(draft: ReleaseDraft, before: Release, number: number): string[] {
  const table = /^alter table ("[^"]+")/.exec(draft.migration[0] ?? '')?.[1];
  const then = before.entities.find((entity) => quoted(entity.table) === table);
  const now = draft.of(then?.key);
  const column = now?.columns.find(
    ({ key, type, column }) =>
      type === 'text' &&
      then?.columns.some((each) => each.key === key && each.type === type && each.column === column),
  );
  if (!now || now.idType !== 'int' || !column) return [];
  const value = `migrated ${number}`;
  const update = `update ${quoted(now.table)} set ${quoted(column.column)} = '${value}' where id <= ${rowsFromBefore}`;
  if (draft.random.chance(0.5)) draft.migration.push(update);
  // Locked first: else it would wait for writers that wait for its rows.
  else draft.migration.unshift(`lock table ${quoted(now.table)}`, update);
  return [value];
}
