import { onEvent, type RecordedEvent } from '@backstory/adapter';
import { eventsDuring, settled } from '@backstory/adapter/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Ledger, Letter, openLedger } from '../outbox/ledger.js';

describe('waiting until everything is settled', () => {
  let ledger: Ledger;

  beforeEach(async () => {
    ledger = await openLedger();
  });

  afterEach(() => ledger.close());

  it('waits for consumers and projections, and for what their handlers write', async () => {
    const { backstory, dataSource } = ledger;
    const done: string[] = [];
    const answer = async (event: RecordedEvent): Promise<void> => {
      await sleep(50);
      await dataSource.manager.insert(Letter, { id: event.globalPosition, text: event.streamId });
    };
    backstory.consumers
      .define({ name: 'writer', handlers: [onEvent('AccountCreated', answer)] })
      .define({
        name: 'reader',
        handlers: [onEvent('LetterCreated', () => sleep(50).then(() => done.push('read')))],
      })
      .project({ name: 'model', handlers: [onEvent('LetterCreated', () => void done.push('projected'))] });
    await backstory.consumers.start();
    const events = await eventsDuring(backstory, async () => {
      await ledger.open(1);
      await settled(backstory);
    });
    expect(events.map(({ type }) => type)).toEqual(['AccountCreated', 'LetterCreated']);
    expect(done.sort()).toEqual(['projected', 'read']);
  });

  it('has nothing to wait for without consumers', async () => {
    await ledger.open(1);
    await settled(ledger.backstory);
  });

  it('ends with an error where a consumer does not run, or takes longer', async () => {
    const { backstory } = ledger;
    backstory.consumers.define({ name: 'idle', handlers: [onEvent('AccountCreated', () => sleep(700))] });
    await ledger.open(1);
    await expect(settled(backstory)).rejects.toMatchObject({ code: 'UNKNOWN_CONSUMER' });
    await backstory.consumers.start();
    await ledger.open(2);
    await expect(settled(backstory, { timeoutMs: 100 })).rejects.toMatchObject({ code: 'WAIT_TIMED_OUT' });
  });
});
