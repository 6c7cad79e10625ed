import { fileDigests, objectDigests, type SealDigest, tableDigests } from '@backstory/adapter';
import { createTestDatabase } from '@backstory/test/postgres';
import { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { openSealedLedger, type SealedLedger } from './sealed-ledger.js';

describe('where digests go', () => {
  let ledger: SealedLedger;

  beforeAll(async () => {
    ledger = await openSealedLedger();
    for (let id = 1; id <= 4; id++) await ledger.open(id);
  });

  beforeEach(() => ledger.tamper('truncate backstory.seal_blocks, backstory.event_commitments'));

  afterAll(() => ledger.close());

  it('rows of another database, through TypeORM or pg', async () => {
    const other = await createTestDatabase();
    const source = await new DataSource({ type: 'postgres', url: other.url }).initialize();
    const pool = new Pool({ connectionString: other.url });
    const { seals } = ledger.backstory;
    await source.query(
      'create schema audit; create table audit.digests (block bigint primary key, hash text not null, digest json not null)',
    );
    const digest = tableDigests(pool, 'audit.digests');
    await seals.seal({ digest, blockSize: 2 });
    expect(await seals.verify({ digest })).toMatchObject({ clean: true, digests: { compared: 2, to: '4' } });
    await ledger.dataSource.query('update backstory.seal_blocks set published_at = null');
    expect(await seals.seal({ digest: tableDigests(source, 'audit.digests') })).toMatchObject({ digests: 2 });
    await source.query(`update audit.digests set hash = 'other' where block = 2`);
    await ledger.dataSource.query('update backstory.seal_blocks set published_at = null');
    await expect(seals.seal({ digest })).rejects.toMatchObject({
      code: 'DIGEST_DIFFERS',
      message: /block 2 \(up to position 4\)/ as never,
    });
    await pool.end();
    await source.destroy();
    await other.drop();
  });

  it('objects of a bucket, in either way of the SDK, which are a file when they are put together', async () => {
    const objects = new Map<string, string>();
    class PutObjectCommand {
      constructor(readonly input: { Bucket: string; Key: string; Body: string }) {}
    }
    const put = ({ Bucket, Key, Body }: PutObjectCommand['input']): Promise<unknown> => {
      objects.set(`${Bucket}/${Key}`, Body);
      return Promise.resolve({});
    };
    const { seals } = ledger.backstory;
    const bucket = 'evidence';
    const sends = { send: ({ input }: PutObjectCommand) => put(input) };
    await seals.seal({ digest: objectDigests({ client: sends, bucket, PutObjectCommand }), blockSize: 3 });
    await ledger.dataSource.query('update backstory.seal_blocks set published_at = null where number = 2');
    await seals.seal({ digest: objectDigests({ client: { putObject: put }, bucket, prefix: 'b/' }) });
    expect([...objects.keys()]).toEqual([
      'evidence/backstory/000000000001.json',
      'evidence/backstory/000000000002.json',
      'evidence/b/000000000002.json',
    ]);
    const digest = [...objects.values()].map((line) => JSON.parse(line) as SealDigest);
    expect(await seals.verify({ digest })).toMatchObject({ clean: true, digests: { compared: 2 } });
    const blind = objectDigests({ client: { putObject: put }, bucket });
    await expect(seals.verify({ digest: blind })).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    await expect(objectDigests({ client: sends, bucket }).write(digest[0] as SealDigest)).rejects.toThrow(
      'PutObjectCommand',
    );
  });

  it('those that the application names among its options, first those that were missed', async () => {
    await ledger.backstory.seals.seal({ blockSize: 1 });
    const instance = await ledger.instance({ seals: { digest: fileDigests(ledger.digest), everyMs: 20 } });
    expect(await instance.backstory.seals.seal()).toMatchObject({ blocks: 0, digests: 4 });
    expect(await ledger.verify()).toMatchObject({ clean: true, digests: { compared: 4 } });
    const what = { ...(await one(ledger)), format: 'backstory-digest-9' } as unknown as SealDigest;
    await expect(ledger.verify({ digest: [what] })).rejects.toMatchObject({ code: 'DIGEST_UNREADABLE' });
  });
});

async function one({ digest }: SealedLedger): Promise<SealDigest> {
  const [first] = (await fileDigests(digest).read?.()) ?? [];
  return first as SealDigest;
}
