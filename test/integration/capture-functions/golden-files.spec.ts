import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createBackstory } from '@backstory/adapter';
import { type Library, openLibrary } from '../../library/open-library.js';
import { type Shape, shapes } from './shapes.js';

const writes = process.env['BACKSTORY_WRITE_SHAPES'] === 'yes';

// What capture makes for eleven small tables, to be read, and reviewed where a change of the generator changes it:
// BACKSTORY_WRITE_SHAPES=yes npx jest --selectProjects integration --testPathPatterns capture-functions
describe.each(Object.entries(shapes))('what capture makes for a table: %s', (name, shape) => {
  let library: Library;

  beforeAll(async () => {
    library = await openLibrary({ entities: [...shape.entities] });
    if (shape.sql !== undefined) await library.dataSource.query(shape.sql);
    const { aggregates = shape.entities } = shape;
    await (await createBackstory(library.dataSource, { aggregates: [...aggregates] })).close();
  });

  afterAll(() => library.close());

  it('is what its file says', async () => {
    const made = `${await triggersOf(shape)}\n${await functionsOf(shape, name === 'simple')}`;
    const file = join(__dirname, 'shapes', `${name}.sql`);
    if (writes) writeFileSync(file, made);
    expect(made).toBe(readFileSync(file, 'utf8'));
  });

  async function triggersOf({ table }: Shape): Promise<string> {
    const triggers: { made: string }[] = await library.dataSource.query(
      `select pg_get_triggerdef(oid) || ';' as made from pg_trigger
       where tgrelid = $1::regclass and not tgisinternal order by tgname`,
      [table],
    );
    return triggers.map(({ made }) => `${made}\n`).join('');
  }

  /** Of the simplest table all, of others what an update does. */
  async function functionsOf({ table }: Shape, isWhole: boolean): Promise<string> {
    const functions: { made: string }[] = await library.dataSource.query(
      `select pg_get_functiondef(oid) as made from pg_proc
       where pronamespace = 'backstory'::regnamespace
         and oid in (select tgfoid from pg_trigger where tgrelid = $1::regclass and (tgtype & 16 > 0 or $2))
       order by proname`,
      [table, isWhole],
    );
    const oids: { oid: string; name: string }[] = await library.dataSource.query(
      `select oid::text, relname as name from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace`,
    );
    const nameOf = new Map(oids.map(({ oid, name: relation }) => [oid, relation]));
    return functions
      .map(({ made }) =>
        made.replace(/\b(\d+)::oid/g, (all, oid: string) =>
          nameOf.has(oid) ? `<oid of ${nameOf.get(oid)}>::oid` : all,
        ),
      )
      .join('\n');
  }
});
