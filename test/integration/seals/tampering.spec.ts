import { openSealedLedger, type SealedLedger, found } from './sealed-ledger.js';

describe('a sealed log that somebody has changed', () => {
  let ledger: SealedLedger;

  beforeAll(async () => {
    ledger = await openSealedLedger();
    for (let id = 1; id <= 4; id++) await ledger.open(id);
    const failed = ledger.dataSource.transaction(async (manager) => {
      await manager.query('update account set balance = 7 where id = 1');
      throw new Error('no');
    });
    await expect(failed).rejects.toThrow('no');
    for (let n = 0; n < 8; n++) await ledger.pay((n % 4) + 1);
    await ledger.seal();
    // so that a position can be changed at all
    await ledger.dataSource.query('alter table backstory.events alter global_position drop identity');
    await ledger.keep();
  });

  afterEach(() => ledger.restore());

  afterAll(() => ledger.close());

  // block 1: 1 to 6 without 5, block 2: 7 to 11, block 3: 12 and 13; position 8 is account-3@2
  const at8 = 'where global_position = 8';
  it.each([
    ['data', `update backstory.events set data = '{"balance": 1000000}' ${at8}`],
    ['data, by a space', `update backstory.events set data = (data::text || ' ')::json ${at8}`],
    ['metadata', `update backstory.events set metadata = metadata || '{"actor": "nobody"}' ${at8}`],
    ['ids in metadata', `update backstory.events set metadata = metadata || '{"correlationId": "x"}' ${at8}`],
    ['the type', `update backstory.events set type = 'AccountClosed' ${at8}`],
    ['the kind of change', `update backstory.events set change = 'c' ${at8}`],
    ['the time', `update backstory.events set recorded_at = recorded_at + interval '1 microsecond' ${at8}`],
    ['the time, beyond all', `update backstory.events set recorded_at = 'infinity' ${at8}`],
    ['the version of its schema', `update backstory.events set schema_version = 2 ${at8}`],
    ['its salt', `update backstory.event_commitments set salt = '\\x00' ${at8}`],
    ['its commitment', `update backstory.event_commitments set commitment = '\\x00' ${at8}`],
    ['its commitment, away', `delete from backstory.event_commitments ${at8}`],
    ['its salt, away', `update backstory.event_commitments set salt = null ${at8}`],
  ])('tells of an event: %s', async (_what, statement) => {
    await ledger.tamper(statement);
    const report = await ledger.verify();
    expect(found(report)).toEqual(['changed account-3@2@8 in 2']);
    expect(report).toMatchObject({ clean: false, differing: 1 });
  });

  it.each([
    ['removed', [`delete from backstory.events ${at8}`], ['missing @8 in 2']],
    [
      'moved to a position of its own',
      [`update backstory.events set global_position = 1000 ${at8}`],
      ['missing @8 in 2'],
    ],
    [
      'moved into a gap',
      [`update backstory.events set global_position = 5 ${at8}`],
      ['inserted account-3@2@5 in 1', 'missing @8 in 2'],
    ],
    [
      'moved to another stream',
      [`update backstory.events set stream_id = '99' ${at8}`],
      ['changed account-99@2@8 in 2'],
    ],
    [
      'moved in its stream',
      [`update backstory.events set stream_position = 99 ${at8}`],
      ['changed account-3@99@8 in 2'],
    ],
    [
      'exchanged with another',
      [
        `update backstory.events set global_position = -1 ${at8}`,
        'update backstory.events set global_position = 8 where global_position = 9',
        'update backstory.events set global_position = 9 where global_position = -1',
      ],
      ['changed account-4@2@8 in 2', 'changed account-3@2@9 in 2'],
    ],
    [
      'inserted before all',
      [
        `insert into backstory.events overriding system value select 0, 77, recorded_at, schema_version, change, category, stream_id, type, data, metadata
         from backstory.events ${at8}`,
      ],
      ['inserted account-3@77@0 in 1'],
    ],
    [
      'there twice, in the archive, too',
      [`insert into backstory.archived_events select * from backstory.events ${at8}`],
      ['inserted account-3@2@8 in 2'],
    ],
    [
      'replaced by what says that it stands for it',
      [
        `update backstory.events set data = '{"id": 3, "balance": 1000000}', change = 'c', metadata = '{"origin": "archive"}' ${at8}`,
      ],
      ['missing account-3@2@8 in 2'],
    ],
  ])('tells of an event that was %s', async (_what, statements, expected) => {
    await ledger.tamper(...statements);
    expect(found(await ledger.verify())).toEqual(expected);
    expect(found(await ledger.verify({}))).toEqual(expected);
  });

  it.each([
    [
      'its root',
      `update backstory.seal_blocks set root = previous where number = 2`,
      ['block @7 in 2', 'block @7 in 2'],
    ],
    ['its time', `update backstory.seal_blocks set sealed_at = now() where number = 2`, ['block @7 in 2']],
    [
      'its list of leaves',
      `update backstory.seal_blocks set leaves = sha256('') || substr(leaves, 33) where number = 2`,
      ['block @7 in 2'],
    ],
    [
      'its gaps',
      `update backstory.seal_blocks set gaps = '' where number = 1`,
      ['block @1 in 1', 'block @1 in 1'],
    ],
    [
      'its end',
      `update backstory.seal_blocks set last_position = 9e18 where number = 3`,
      ['block @12 in 3', 'block @12 in 3'],
    ],
    [
      'its place',
      `update backstory.seal_blocks set number = case number when 1 then 2 else 1 end where number < 3`,
      undefined,
    ],
    [
      'its presence',
      'delete from backstory.seal_blocks where number = 2',
      ['block @7 in 2', 'digest @7 in 2'],
    ],
  ])('tells of a block: %s', async (what, statement, expected) => {
    // a unique index is looked at row by row
    if (what === 'its place') {
      await ledger.tamper(
        'update backstory.seal_blocks set number = 100 where number = 1',
        'update backstory.seal_blocks set number = 1 where number = 2',
        'update backstory.seal_blocks set number = 2 where number = 100',
      );
      const [first] = found(await ledger.verify());
      expect(first).toBe('block @1 in 2');
      return;
    }
    await ledger.tamper(statement);
    expect(found(await ledger.verify()).filter((each) => !/^digest .* in 3/.test(each))).toEqual(expected);
  });

  it('tells of the last blocks when they are gone, with everything that belongs to them, by the digests only', async () => {
    await ledger.tamper(
      'delete from backstory.seal_blocks where number > 1',
      'delete from backstory.events where global_position > 6',
    );
    expect(found(await ledger.verify({}))).toEqual(['block @7 in 2']);
    await ledger.tamper('delete from backstory.event_commitments where global_position > 6');
    expect(found(await ledger.verify({}))).toEqual([]);
    expect(found(await ledger.verify())).toEqual(['digest @7 in 2', 'digest @12 in 3']);
    await ledger.tamper('delete from backstory.seal_blocks', 'delete from backstory.event_commitments');
    expect(found(await ledger.verify())).toEqual(['digest @1 in 1', 'digest @7 in 2', 'digest @12 in 3']);
  });

  it('tells of seals that were all made anew inside the database, by the digests only', async () => {
    await ledger.tamper(
      `update backstory.events set data = '{"balance": 1000000}' ${at8}`,
      'delete from backstory.seal_blocks where number > 1',
      'delete from backstory.event_commitments where global_position > 6',
    );
    await ledger.backstory.seals.seal({ blockSize: 5 });
    const alone = await ledger.verify({});
    expect(alone).toMatchObject({ clean: true, digests: null });
    const report = await ledger.verify();
    expect(found(report)).toEqual(['digest @7 in 2', 'digest @12 in 3']);
    expect(report.digests).toMatchObject({ compared: 3, to: '6' });
    // and the next run does not write over what is there
    await expect(ledger.seal()).rejects.toMatchObject({ code: 'DIGEST_DIFFERS' });
  });

  it('the last digest alone is enough, and one of another log is not', async () => {
    const [one, two, three] = await digests(ledger);
    expect(await ledger.verify({ digest: [three] })).toMatchObject({
      clean: true,
      digests: { compared: 1, to: '13' },
    });
    // of the third block somebody could have made another one
    expect(await ledger.verify({ digest: [one, two] })).toMatchObject({
      clean: false,
      differing: 0,
      digests: { to: '11', complete: false },
    });
    const other = { ...two, hash: one.hash };
    expect(found(await ledger.verify({ digest: [one, other] }))).toEqual(['digest @7 in 2']);
    expect(found(await ledger.verify({ digest: [two, other] }))).toEqual(['digest @7 in 2']);
    await expect(ledger.verify({ digest: [] })).rejects.toMatchObject({ code: 'DIGEST_UNREADABLE' });
    await expect(ledger.verify({ digest: '/nowhere' })).rejects.toMatchObject({ code: 'DIGEST_UNREADABLE' });
  });

  it('an erased event is as it was sealed but for what was erased, if it says so', async () => {
    await ledger.tamper(
      `update backstory.events set data = '{"balance": null}', metadata = metadata || '{"erased": ["balance"]}' ${at8}`,
      `update backstory.event_commitments set salt = null ${at8}`,
    );
    expect(await ledger.verify()).toMatchObject({ clean: true, erased: 1, events: 12 });
    await ledger.tamper(`update backstory.events set type = 'AccountClosed' ${at8}`);
    expect(found(await ledger.verify())).toEqual(['changed account-3@2@8 in 2']);
    await ledger.tamper(
      `update backstory.events set type = 'AccountUpdated', metadata = metadata - 'erased' ${at8}`,
    );
    expect((await ledger.verify()).differences).toMatchObject([
      { problem: expect.stringMatching('not marked as erased') as string },
    ]);
    // nothing behind this block suffers
    expect(await ledger.verify()).toMatchObject({ differing: 1 });
  });
});

type Digest = Parameters<SealedLedger['verify']>[0] extends { digest?: infer Source } | undefined
  ? Extract<Source, readonly unknown[]>[number]
  : never;

async function digests({ backstory, dataSource }: SealedLedger): Promise<[Digest, Digest, Digest]> {
  await dataSource.query('update backstory.seal_blocks set published_at = null');
  const written: Digest[] = [];
  await backstory.seals.seal({ digest: (digest) => void written.push(digest) });
  return written as [Digest, Digest, Digest];
}
