import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runCommand } from '../../library/run-command.js';
import { openSealedLedger, type SealedLedger } from './sealed-ledger.js';

const page = readFileSync(join(__dirname, '../../../docs/evidence.md'), 'utf8');
const program = /```js\n(\/\/ check-proof\.js[\s\S]*?)```/.exec(page)?.[1] ?? '';

describe('the proof of one event, and the program of docs/evidence.md', () => {
  let ledger: SealedLedger;
  let checker: string;

  beforeAll(async () => {
    ledger = await openSealedLedger();
    for (let id = 1; id <= 3; id++) await ledger.open(id);
    const failed = ledger.dataSource.transaction(async (manager) => {
      await manager.query('update account set balance = 7 where id = 1');
      throw new Error('no');
    });
    await expect(failed).rejects.toThrow('no');
    for (let n = 0; n < 10; n++)
      await ledger.backstory.runInContext({ actor: 'zoë', correlationId: `request ${n}` }, () =>
        ledger.pay(2),
      );
    await ledger.seal(7);
    checker = join(ledger.digest, '../check-proof.cjs');
    writeFileSync(checker, program);
  });

  afterAll(() => ledger.close());

  async function check(proof: unknown, digests = ledger.digest): Promise<string> {
    const file = join(ledger.digest, '../proof.json');
    writeFileSync(file, typeof proof === 'string' ? proof : JSON.stringify(proof));
    const run = promisify(execFile)(process.execPath, [checker, file, digests]);
    return run.then(({ stdout }) => stdout).catch(({ code, stderr }) => `${code}: ${stderr}`);
  }

  it('is 40 lines at most, and needs nothing but Node.js', () => {
    expect(program.trimEnd().split('\n').length).toBeGreaterThan(10);
    expect(program.trimEnd().split('\n').length).toBeLessThanOrEqual(40);
    expect([...program.matchAll(/require\('(.*?)'\)/g)].map(([, name]) => name)).toEqual([
      'node:crypto',
      'node:fs',
    ]);
  });

  it('proves each event to somebody who has the digests only', async () => {
    const streams = [
      ...[1, 2, 3].map((id) => ['account', `${id}`, 1] as const),
      ...Array.from({ length: 10 }, (_, n) => ['account', '2', n + 2] as const),
    ];
    for (const [category, id, position] of streams) {
      const proof = await ledger.backstory.seals.proof(category, id, position);
      const out = await check(proof);
      expect(out).toContain(`account-${id}@${position}`);
      if (position > 1) expect(out).toContain(`"balance": ${position - 1}`.replace(': ', ':').slice(0, 10));
    }
  });

  it('from the command line', async () => {
    process.env['LEDGER_URL'] = ledger.url;
    const source = join(__dirname, 'ledger-data-source.ts');
    const { code, out } = await runCommand('seal', 'proof', 'account-2@4', '--data-source', source);
    expect(code).toBe(0);
    expect(await check(out)).toMatch(/account-2@4[\s\S]*zoë/);
  });

  it.each([
    ['its data', (proof: Proof) => ({ ...proof, data: (proof.data as string).replace('3', '4') })],
    [
      'its metadata',
      (proof: Proof) => ({ ...proof, metadata: (proof.metadata as string).replace('zoë', 'zoe') }),
    ],
    [
      'its leaf',
      (proof: Proof) => ({ ...proof, leaf: proof.leaf.replace('AccountUpdated', 'AccountClosed') }),
    ],
    ['its path', (proof: Proof) => ({ ...proof, path: proof.path.slice(1) })],
    [
      'its block',
      (proof: Proof) => ({ ...proof, block: { ...proof.block, sealedAt: '2020-01-01T00:00:00.000Z' } }),
    ],
  ])('is refused when somebody has changed %s', async (_what, change) => {
    const proof = await ledger.backstory.seals.proof('account', '2', 4);
    expect(await check(proof)).toContain('account-2@4');
    expect(await check(change(proof))).toMatch(/^2: /);
  });

  it('is refused with the digest of another log', async () => {
    const proof = await ledger.backstory.seals.proof('account', '2', 4);
    const other = join(ledger.digest, '../other.jsonl');
    writeFileSync(other, readFileSync(ledger.digest, 'utf8').replace(/"hash":"../g, '"hash":"00'));
    expect(await check(proof, other)).toMatch(/^2: /);
    writeFileSync(other, '');
    expect(await check(proof, other)).toMatch(/^2: /);
  });

  it('of an erased event says what is left of it', async () => {
    await ledger.tamper(
      `update backstory.events set data = '{"balance": null}', metadata = metadata || '{"erased": ["balance"]}' where stream_id = '2' and stream_position = 5`,
      `update backstory.event_commitments set salt = null where global_position = (
         select global_position from backstory.events where stream_id = '2' and stream_position = 5)`,
    );
    const proof = await ledger.backstory.seals.proof('account', '2', 5);
    expect(proof).toMatchObject({ salt: null, data: null, metadata: null });
    expect(await check(proof)).toMatch(/account-2@5[\s\S]*not shown: they were erased, or left out/);
    const living = await ledger.backstory.seals.proof('account', '2', 6);
    expect(await check({ ...living, salt: null, data: null, metadata: null })).toContain('or left out');
  });

  it('there is none of an event that is not there, not sealed, or not as it was sealed', async () => {
    const { seals } = ledger.backstory;
    await expect(seals.proof('account', '2', 99)).rejects.toMatchObject({ code: 'NOT_SEALED' });
    await ledger.pay(1);
    await expect(seals.proof('account', '1', 2)).rejects.toThrow('is not sealed yet');
    await ledger.tamper(`update backstory.events set data = '{}' where stream_id = '3'`);
    await expect(seals.proof('account', '3', 1)).rejects.toMatchObject({ code: 'SEAL_DIFFERS' });
  });
});

type Proof = Awaited<ReturnType<SealedLedger['backstory']['seals']['proof']>>;
