import { type Backstory, createBackstory, runInContext, withEvent } from '@backstory/adapter';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { DataSource } from 'typeorm';
import { Note } from './note.entity.js';

// All that a database may have, but for MULE_INTERNAL, which clients that speak UTF-8, as pg does, can't connect to.
const encodings = [
  ...['UTF8', 'SQL_ASCII', 'EUC_CN', 'EUC_JP', 'EUC_JIS_2004', 'EUC_KR', 'EUC_TW', 'KOI8R', 'KOI8U'],
  ...['LATIN1', 'LATIN2', 'LATIN3', 'LATIN4', 'LATIN5', 'LATIN6', 'LATIN7', 'LATIN8', 'LATIN9', 'LATIN10'],
  ...['ISO_8859_5', 'ISO_8859_6', 'ISO_8859_7', 'ISO_8859_8'],
  ...['WIN866', 'WIN874', 'WIN1250', 'WIN1251', 'WIN1252', 'WIN1253', 'WIN1254', 'WIN1255', 'WIN1256'],
  ...['WIN1257', 'WIN1258'],
];

const letters = ['ë', 'Ł', 'ğ', 'ķ', 'Ŵ', 'Ж', 'Ω', 'א', 'ع', 'ก', 'ơ', '中', 'あ', '한', '€', '“', '😀'];

/** As JSON writes it in ASCII. */
function escaped(text: string): string {
  return text.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

describe.each(encodings)('in a database of encoding %s', (encoding) => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let backstory: Backstory;
  /** Those of the letters that this encoding has. */
  let own: string[];

  beforeAll(async () => {
    database = await createTestDatabase({ encoding });
    dataSource = new DataSource({
      type: 'postgres',
      url: database.url,
      entities: [Note],
      synchronize: true,
    });
    await dataSource.initialize();
    own = [];
    for (const letter of letters) {
      if (await dataSource.query('select $1::text', [letter]).catch(() => false)) own.push(letter);
    }
    await dataSource.manager.insert(Note, { text: `of before ${own.join('')}` });
    backstory = await createBackstory(dataSource);
  });

  afterAll(async () => {
    await backstory.close();
    await dataSource.destroy();
    await database.drop();
  });

  it('every write goes on, whoever its actor is; what the encoding lacks stays escaped', async () => {
    for (const letter of letters) {
      const actor = `${letter} \\u00eb "${letter}"`;
      await runInContext({ actor, tenant: { name: letter } }, () =>
        withEvent('NoteTaken', { aggregate: 'Note', data: { by: letter } }, () =>
          dataSource.manager.insert(Note, { text: letter === own[0] ? letter : 'plain' }),
        ),
      );
      const [{ metadata, data }] = await dataSource.query<[{ metadata: object; data: object }]>(
        `select metadata - 'scope' as metadata, data from backstory.events order by global_position desc limit 1`,
      );
      // SQL_ASCII takes any byte as text, but knows no sign beyond ASCII
      const isKept = own.includes(letter) && encoding !== 'SQL_ASCII';
      const kept = isKept ? letter : escaped(letter);
      expect(metadata).toEqual({ actor: `${kept} \\u00eb "${kept}"`, tenant: { name: kept } });
      expect(data).toMatchObject({ by: kept });
    }
  });

  it('what is there is captured, clean and replayed', async () => {
    await backstory.backfill();
    await dataSource.manager.update(Note, { id: 1 }, { text: `changed ${own.join('')}` });
    expect(await backstory.verify()).toMatchObject({ clean: true });
    await backstory.stages.set('note', 'shadow');
    await backstory.stages.set('note', 'replay', { force: true });
    expect(await dataSource.manager.findOneBy(Note, { id: 1 })).toMatchObject({
      text: `changed ${own.join('')}`,
    });
  });
});
