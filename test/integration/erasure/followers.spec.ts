import { onEvent, type RecordedEvent } from '@backstory/adapter';
import { Customer, openPeople, type People } from './people.js';

describe('who reads erased events', () => {
  let people: People;

  beforeEach(async () => {
    people = await openPeople();
    await people.dataSource.manager.insert(Customer, { id: 42, name: 'Ada', email: 'ada@example.org' });
    await people.dataSource.manager.update(Customer, 42, { name: 'Ada King' });
  });

  afterEach(() => people.close());

  it('as they come gets an event that says so, once', async () => {
    const got: RecordedEvent[] = [];
    const { consumers } = people.backstory;
    consumers.define({
      name: 'mirror',
      handlers: [onEvent({ category: 'customer' }, (event) => void got.push(event))],
    });
    await consumers.start();
    await people.backstory.erase(Customer, '42', { properties: ['name'], by: 'dpo' });
    await people.backstory.erase(Customer, '42', { properties: ['name'], by: 'dpo' });
    await people.dataSource.manager.update(Customer, 42, { credit: '1' });
    await consumers.wait('mirror');
    expect(got.map(({ type, change, data }) => [type, change, data])).toEqual([
      ['CustomerErased', 'updated', {}],
      ['CustomerUpdated', 'updated', { credit: '1' }],
    ]);
    expect(got[0]?.metadata).toMatchObject({ actor: 'dpo', erasure: { properties: ['name'], events: 2 } });
  });

  it('from the beginning, such as a projection that is rebuilt, never gets the values', async () => {
    await people.backstory.erase(Customer, '42', { properties: ['name'] });
    const got: RecordedEvent[] = [];
    const { consumers } = people.backstory;
    consumers.define({
      name: 'late',
      from: 'beginning',
      handlers: [onEvent({ category: 'customer' }, (event) => void got.push(event))],
    });
    await consumers.start();
    await consumers.wait('late');
    expect(got.map(({ type, data, metadata }) => [type, data['name'], metadata.erased])).toEqual([
      ['CustomerCreated', null, ['name']],
      ['CustomerUpdated', null, ['name']],
      ['CustomerErased', undefined, undefined],
    ]);
  });

  it('in the dashboard sees null, and the marks', async () => {
    await people.backstory.erase(Customer, '42', { properties: ['name'] });
    const page = await people.backstory.admin.stream('customer', '42');
    expect(JSON.stringify(page)).not.toContain('Ada');
    expect(page.problem).toBeNull();
    expect(page.events.at(-1)?.metadata).toContainEqual({ name: 'erased', value: { json: '["name"]' } });
  });

  it('and a backfill that comes later brings nothing back into a stream that there is', async () => {
    await people.backstory.erase(Customer, '42', { properties: ['name'] });
    await people.backstory.stages.set('customer', 'off');
    await people.backstory.stages.set('customer', 'capture');
    await people.backstory.backfill();
    await people.backstory.backfill({ aggregates: ['customer'] });
    expect(JSON.stringify(await people.query('select data from backstory.events'))).not.toContain('Ada');
    expect((await people.backstory.verify()).clean).toBe(true);
  });
});
