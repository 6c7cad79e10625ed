import { setTimeout as sleep } from 'node:timers/promises';
import { Account, type Ledger, Letter, openLedger } from '../outbox/ledger.js';

class Noted {
  constructor(readonly text: string) {}
}

describe('the log as a whole', () => {
  let ledger: Ledger;

  beforeEach(async () => {
    ledger = await openLedger({
      topics: ['newsletter'],
      aggregates: [Account, { entity: Letter, retain: { after: '7 years', properties: ['text'] } }],
    });
  });

  afterEach(() => ledger.close());

  it('has nothing to tell where nothing was done', async () => {
    expect(await ledger.backstory.admin.log()).toEqual({
      seals: null,
      epochs: [],
      archive: null,
      retained: [{ category: 'letter', after: '7 years', properties: ['text'] }],
      topics: ['newsletter'],
    });
  });

  it('tells of seals, the archive, topics and losses', async () => {
    const { backstory, dataSource } = ledger;
    await ledger.open(1);
    for (let n = 0; n < 4; n++) await ledger.pay(1);
    await dataSource.transaction((manager) =>
      backstory.append(manager, 'newsletter', 'week-1', new Noted('sent')),
    );
    await backstory.seals.seal({ digest: () => undefined });
    await sleep(2);
    await backstory.archive.move({ before: new Date(Date.now() + 60_000), events: 2 });
    await backstory.consumers.beginEpoch();
    await sleep(2);
    await backstory.consumers.beginEpoch();
    await dataSource.query('analyze backstory.archived_events');
    const { seals, epochs, archive, topics } = await backstory.admin.log();
    expect(seals).toMatchObject({ blocks: 1, to: '6', newest: '6', unpublished: 0 });
    expect(topics).toEqual(['newsletter']);
    expect(archive).toMatchObject({ events: 5 });
    expect(archive?.bytes).toBeGreaterThan(0);
    expect(epochs).toHaveLength(2);
    expect(Number(epochs[0]?.number)).toBeGreaterThan(Number(epochs[1]?.number));
    expect(epochs[0]).toMatchObject({ survivedPosition: '6' });
  });
});
