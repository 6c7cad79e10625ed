import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../../library/run-command.js';
import { openSealedLedger, type SealedLedger } from './sealed-ledger.js';

describe('npx backstory seal', () => {
  let ledger: SealedLedger;
  const run = (...argv: string[]): ReturnType<typeof runCommand> =>
    runCommand(...argv, '--data-source', join(__dirname, 'ledger-data-source.ts'));

  beforeAll(async () => {
    ledger = await openSealedLedger();
    process.env['LEDGER_URL'] = ledger.url;
    for (let id = 1; id <= 3; id++) await ledger.open(id);
  });

  afterAll(() => ledger.close());

  it('says what it has sealed, and how far the log is', async () => {
    expect(await run('seal', 'verify')).toMatchObject({ code: 1, err: /Nothing is sealed yet/ as never });
    expect(await run('seal', 'status')).toMatchObject({ code: 0, out: /Nothing is sealed/ as never });
    expect((await run('status')).out).not.toContain('ealed');
    const sealed = await run('seal', '--digest', ledger.digest, '--block-size', '2');
    expect(sealed.out).toMatch(
      /^Sealed 3 events in 2 blocks, up to position 3 at \d{4}-.*Z\. Digests written: 2\.\n$/,
    );
    expect(sealed.code).toBe(0);
    expect(readFileSync(ledger.digest, 'utf8').split('\n')).toHaveLength(3);
    expect((await run('seal', 'status')).out).toMatch(/^Sealed up to position 3 at .*, in 2 blocks/);
    expect((await run('status')).out).toMatch(
      /\nSealed up to position 3 at .*; the newest event is at 3\.\n$/,
    );
  });

  it('is not clean, and says why, where the file of digests was cut short', async () => {
    const whole = readFileSync(ledger.digest, 'utf8');
    writeFileSync(ledger.digest, whole.slice(0, -40));
    const cut = await run('seal', 'verify', '--digest', ledger.digest);
    expect([cut.code, cut.out]).toEqual([
      2,
      expect.stringMatching(
        /agree up to position 2 of 3\.\nThey are not all: .*\n1 lines of the digests are cut, or are none\.\n$/,
      ),
    ]);
    writeFileSync(ledger.digest, whole);
    expect((await run('seal', 'verify', '--digest', ledger.digest)).code).toBe(0);
  });

  it('verifies, says what it has not seen, and ends with 2 where something differs', async () => {
    await ledger.pay(1);
    const alone = await run('seal', 'verify');
    expect(alone.code).toBe(0);
    expect(alone.out).toMatch(/1 events since are not\.\nNo digests were given: whoever may write/);
    const clean = await run('seal', 'verify', '--digest', ledger.digest);
    expect(clean.out).toMatch(
      /^3 events in 2 blocks are as they were sealed\.\nSealed up to position 3 .*\nCompared with 2 digests from outside, which agree up to position 3\.\n$/,
    );
    await ledger.tamper(`update backstory.events set type = 'AccountClosed' where global_position = 2`);
    const changed = await run('seal', 'verify', '--digest', ledger.digest);
    expect(changed.code).toBe(2);
    expect(changed.out).toMatch(/^account-2@1, position 2, block 1: its stream, position, type, time/);
    expect(changed.out).not.toContain('as they were sealed');
    const json = await run('seal', 'verify', '--digest', ledger.digest, '--json');
    expect(JSON.parse(json.out)).toMatchObject({ clean: false, differing: 1 });
  });

  it('refuses what it does not know', async () => {
    expect(await run('seal', 'everything')).toMatchObject({
      code: 1,
      err: /seal can't "everything"/ as never,
    });
    expect(await run('seal', 'proof')).toMatchObject({ code: 1, err: /"" is no event/ as never });
    expect(await run('seal', 'verify', '--digest', '/nowhere.jsonl')).toMatchObject({
      code: 1,
      err: /nowhere.jsonl can't be read/ as never,
    });
  });
});
