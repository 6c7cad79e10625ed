import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { Client } from 'pg';
import { version } from '../../../packages/adapter/package.json';
import { type Ended, runProcess } from '../../library/program.js';

const root = join(__dirname, '../../..');

/** Two entities, so that one who was asked can be told from one who was not. */
const entity = (name: string, types = false): string => `
const { Column, Entity, PrimaryGeneratedColumn } = require('typeorm');
class ${name} {}
Entity()(${name});
PrimaryGeneratedColumn()(${name}.prototype, 'id'${types ? ', Number' : ''});
Column('text')(${name}.prototype, 'secretToken');
const { DataSource } = require('typeorm');
module.exports = { dataSource: new DataSource({ type: 'postgres', url: process.env.SHOP_URL, entities: [${name}] }) };
`;

const typescript = {
  'package.json': '{}',
  'tsconfig.json': JSON.stringify({
    compilerOptions: {
      target: 'es2022',
      module: 'nodenext',
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
      paths: { '@shop/*': ['./src/*'] },
    },
  }),
  'src/order.ts': `import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
    @Entity() export class Order { @PrimaryGeneratedColumn() id!: number; @Column() secretToken!: string; }`,
  'src/database/data-source.ts': `import { DataSource } from 'typeorm';
    import { Order } from '@shop/order';
    import { url } from './url.js';
    const made: Promise<DataSource> = Promise.resolve(new DataSource({ type: 'postgres', url, entities: [Order] }));
    export default made;`,
  'src/database/url.ts': 'export const url: string | undefined = process.env.SHOP_URL;',
};

describe('which application the command line is for', () => {
  let database: TestDatabase;
  let folder: string;

  beforeEach(async () => {
    database = await createTestDatabase();
    const client = new Client({ connectionString: database.url });
    await client.connect();
    for (const name of ['order', 'parcel'])
      await client.query(`create table "${name}" (id serial primary key, "secretToken" text not null)`);
    await client.end();
    // beneath the packages that are installed, as an application is
    folder = mkdtempSync(join(root, 'test/application-'));
  });

  afterEach(async () => {
    rmSync(folder, { recursive: true });
    await database.drop();
  });

  function write(files: Record<string, string>): void {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
  }

  async function run(argv: readonly string[], environment: Record<string, string> = {}): Promise<Ended> {
    const loader = ['-r', join(root, 'test/typescript-process.cjs')];
    const program = [process.execPath, ...loader, join(root, 'test/library/without-loader-process.cjs')];
    return runProcess([...program, ...argv], { SHOP_URL: database.url, ...environment }, folder);
  }

  async function proposed(argv: string[] = [], environment: Record<string, string> = {}): Promise<string[]> {
    const { code, out, err } = await run(['init', '--dry-run', '--json', ...argv], environment);
    expect({ code, err }).toEqual({
      code: 0,
      err: expect.stringMatching(/^(The application: .*\n)?$/) as string,
    });
    return (JSON.parse(out) as { aggregates: { entity: string }[] }).aggregates.map(({ entity }) => entity);
  }

  it('a DataSource in a usual place is found, and said', async () => {
    write({
      'package.json': '{}',
      'dist/database/data-source.js': entity('Order'),
      'src/data-source.ts': '',
    });
    const { code, out, err } = await run(['init', '--dry-run']);
    expect({ code, err }).toEqual({ code: 0, err: 'The application: dist/database/data-source.js\n' });
    expect(out).toContain("entity: 'Order'");
  });

  it('several in usual places are refused by name', async () => {
    write({ 'dist/data-source.js': entity('Order'), 'dist/db/data-source.js': entity('Parcel') });
    expect(await run(['status'])).toMatchObject({
      code: 1,
      err: expect.stringMatching(
        /Several files .*: dist\/data-source\.js, dist\/db\/data-source\.js/,
      ) as string,
    });
  });

  it('package.json goes before usual places, the environment before it, and an option before all', async () => {
    write({
      'package.json': JSON.stringify({ backstory: { dataSource: './lib/one.js' } }),
      'lib/one.js': entity('Order'),
      'lib/two.js': entity('Parcel'),
      'dist/data-source.js': 'throw new Error("not asked for")',
    });
    expect(await proposed()).toEqual(['Order']);
    expect(await proposed([], { BACKSTORY_DATA_SOURCE: 'lib/two.js' })).toEqual(['Parcel']);
    expect(await proposed(['--data-source', 'lib/one.js'], { BACKSTORY_DATA_SOURCE: 'lib/two.js' })).toEqual([
      'Order',
    ]);
  });

  it('what package.json says and nobody reads is an error', async () => {
    write({ 'package.json': JSON.stringify({ backstory: { datasource: 'lib/one.js' } }) });
    expect(await run(['status'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('says datasource: "lib/one.js", which nobody reads') as string,
    });
  });

  it('a file .env is read, and what the environment says goes before it', async () => {
    write({
      'package.json': '{}',
      'dist/data-source.js': entity('Order').replace('SHOP_URL', 'FROM_FILE'),
      '.env': `FROM_FILE=${database.url}\n`,
    });
    expect(await proposed()).toEqual(['Order']);
    expect(await run(['init', '--dry-run'], { FROM_FILE: 'postgres://127.0.0.1:1/none' })).toMatchObject({
      code: 1,
      err: expect.stringContaining('No connection to the database') as string,
    });
  });

  it('a DataSource in TypeScript is loaded by the ts-node of the application, also one that is promised', async () => {
    write(typescript);
    expect(await proposed()).toEqual(['Order']);
  });

  it('an ES module in TypeScript is an error with the way out', async () => {
    write({ 'package.json': '{}', 'data-source.mts': 'export default 1;' });
    expect(await run(['status'])).toMatchObject({
      code: 1,
      err: expect.stringMatching(
        /is an ES module, and ts-node loads CommonJS only[^]*Compile the application/,
      ) as string,
    });
  });

  it('init finds a table by a path in place of its name, as TypeORM does', async () => {
    write({
      'package.json': '{}',
      'dist/data-source.js': entity('Order').replace('Entity()', "Entity('public.order')"),
    });
    expect(await proposed()).toEqual(['Order']);
  });

  it('init of a database without the tables, or of a DataSource without entities, proposes nothing', async () => {
    write({ 'package.json': '{}', 'dist/data-source.js': entity('Invoice') });
    const refused = await run(['init']);
    expect(refused.code).toBe(1);
    expect(refused.err).toMatch(/None of the 1 entities has a table in database "backstory_test_/);
    write({ 'dist/data-source.js': entity('Invoice').replace('entities: [Invoice]', 'entities: []') });
    expect((await run(['init'])).err).toMatch(/The DataSource has no entities/);
  });

  it('--version says which release it is', async () => {
    expect(await run(['--version'])).toEqual({ code: 0, out: `${version}\n`, err: '' });
  });
});
