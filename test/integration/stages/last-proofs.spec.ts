import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { type Backstory, createBackstory } from '@backstory/adapter';
import { runCommandLine } from '../../../packages/adapter/src/cli/command-line.js';
import { Author, Shelf } from '../../library/entities.js';
import { type Library, openLibrary } from '../../library/open-library.js';

const aggregates = [Author, Shelf];

describe('the doctor looks at the last proofs', () => {
  let library: Library;
  let backstory: Backstory;

  beforeEach(async () => {
    library = await openLibrary();
    process.env['LIBRARY_URL'] = library.url;
    jest.resetModules();
    await sql(`insert into author (name, version) select 'a' || i, 1 from generate_series(1, 5) i`);
    backstory = await createBackstory(library.dataSource, { aggregates });
  });

  afterEach(async () => {
    await backstory.close();
    await library.close();
  });

  const sql = (statement: string): Promise<unknown> => library.dataSource.query(statement);
  const behind = (statement: string): Promise<unknown> =>
    sql(`alter table author disable trigger user; ${statement}; alter table author enable trigger user`);
  const found = async (): Promise<string[]> =>
    (await backstory.doctor()).map(
      ({ severity, aggregate, problem, remedy }) =>
        `${severity} ${aggregate}: ${problem.replace(/\(\d\S+Z\)/, '(…)')} → ${remedy}`,
    );
  const command = async (): Promise<[number, string]> => {
    const streams = { stdout: new PassThrough().setEncoding('utf8'), stderr: new PassThrough() };
    const code = await runCommandLine(
      ['doctor', '--data-source', join(__dirname, '../../library/data-source.ts')],
      streams,
    );
    return [code, streams.stdout.read() as string];
  };

  it.each(['shadow', 'replay'] as const)('of an aggregate in %s', async (stage) => {
    await backstory.stages.set('author', stage, { force: true });
    expect(await found()).toEqual([
      `hint author: it is in ${stage}, and has never been verified → npx backstory verify author`,
    ]);
    expect(await command()).toEqual([0, expect.stringContaining('has never been verified')]);
    await backstory.verify();
    expect(await found()).toEqual([
      'fault author: the last verify (…) found 5 rows without a first event → npx backstory backfill author, then npx backstory verify author',
    ]);
    await backstory.backfill();
    await backstory.verify();
    expect(await found()).toEqual([]);
    // of the other entities of the library
    expect(await command()).toEqual([
      0,
      expect.stringMatching(/^hint +the DataSource has entities that are not captured.*\n.*\n$/),
    ]);
    await behind(`update author set name = 'x' where id < 3`);
    await backstory.verify();
    const drifted =
      'fault author: the last verify (…) found 2 drifted streams → npx backstory repair author, then npx backstory verify author';
    expect(await found()).toEqual([drifted]);
    expect(await command()).toEqual([2, expect.stringContaining('found 2 drifted streams')]);
    await backstory.repair();
    // until it is proven
    expect(await found()).toEqual([drifted]);
    await backstory.verify();
    expect(await found()).toEqual([]);
  });

  it('of one that is captured in another way since', async () => {
    await backstory.backfill();
    await backstory.verify();
    await backstory.stages.set('author', 'replay', { force: true });
    await backstory.close();
    const renamed = [{ entity: Author, types: { updated: 'AuthorChanged' } }, Shelf];
    backstory = await createBackstory(library.dataSource, { aggregates: renamed });
    expect(await found()).toEqual([
      'hint author: it is in replay, and was verified last (…) before what is captured of it changed → npx backstory verify author',
    ]);
    await backstory.verify();
    expect(await found()).toEqual([]);
  });

  it('of one in capture only where something was found', async () => {
    await backstory.verify();
    expect(await found()).toEqual([]);
    await backstory.backfill();
    await behind(`delete from author where id = 1`);
    await backstory.verify();
    expect(await found()).toEqual([
      expect.stringMatching(/^hint author: the last verify.* 1 drifted streams/),
    ]);
    await backstory.stages.set('author', 'off');
    expect(await found()).toEqual([]);
  });
});
