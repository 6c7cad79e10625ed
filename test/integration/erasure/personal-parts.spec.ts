import { type AggregateOptions, type Backstory, createBackstory } from '@backstory/adapter';
import { EncryptingPeople } from '../encryption/encrypting-people.js';
import { Customer, Purchase, PurchaseLine } from './people.js';

describe('what is personal of parts', () => {
  let shop: EncryptingPeople;
  let backstory: Backstory;

  beforeEach(async () => {
    shop = await EncryptingPeople.open();
    await shop.backstory.close();
  });

  afterEach(async () => {
    await backstory.close();
    await shop.close();
  });

  const open = async (...ofPurchases: AggregateOptions[]): Promise<Backstory> => {
    const aggregates: AggregateOptions[] = [{ entity: Customer, personal: ['name'] }, ...ofPurchases];
    backstory = await createBackstory(shop.people.dataSource, {
      aggregates,
      encryption: { keys: shop.keys },
    });
    shop.backstory = backstory;
    return backstory;
  };
  const purchase = (personal: readonly string[]): AggregateOptions => ({
    entity: Purchase,
    owns: ['lines'],
    subject: 'customer.id',
    personal,
  });
  const buy = async (): Promise<void> => {
    const { manager } = shop.people.dataSource;
    await manager.insert(Customer, { id: 42, name: 'Ada!' });
    await manager.save(Purchase, {
      id: 1,
      shipTo: 'St James Square',
      customer: { id: 42 },
      lines: [{ id: '1a', engraving: 'A. L.', quantity: 3 }],
    });
  };

  it.each<[string, AggregateOptions[]]>([
    ['behind their path', [purchase(['shipTo', 'lines.engraving'])]],
    ['by themselves', [purchase(['shipTo']), { entity: PurchaseLine, personal: ['engraving'] }]],
    ['by both', [purchase(['shipTo', 'lines.engraving']), { entity: PurchaseLine, personal: ['giftFor'] }]],
  ])('is erased and encrypted that is said %s', async (_how, options) => {
    await open(...options);
    await buy();
    const bytes = (await shop.relayed()).bytes();
    expect(bytes).not.toMatch(/A\. L\.|St James|Ada!/);
    expect(bytes).toMatch(/"quantity":3/);
    const reports = await backstory.erasure.eraseSubject('customer:42');
    expect(reports.map(({ properties }) => properties)).toEqual([['name'], ['lines.engraving', 'shipTo']]);
    expect((await backstory.state('purchase', '1'))?.state).toMatchObject({
      shipTo: null,
      lines: { '1a': { engraving: null, quantity: 3 } },
    });
    expect((await backstory.verify()).clean).toBe(true);
    expect((await backstory.doctor()).filter(({ problem }) => problem.includes('"lines"'))).toEqual([]);
  });

  it('is missed by doctor where nobody says it, until somebody says that it is nothing', async () => {
    await open(purchase(['shipTo']));
    await buy();
    const of = async (): Promise<object[]> =>
      (await backstory.doctor()).filter(({ problem }) => problem.includes('of the person'));
    expect(await of()).toMatchObject([
      {
        severity: 'hint',
        aggregate: 'purchase',
        problem: expect.stringContaining('"lines"'),
        remedy: expect.stringMatching(/'lines\.engraving'.*entity: 'PurchaseLine', personal: \[\]/),
      },
    ]);
    // as it says
    expect((await shop.relayed()).bytes()).toContain('A. L.');
    const reports = await backstory.erasure.eraseSubject('customer:42', { dryRun: true });
    expect(reports[1]?.properties).toEqual(['shipTo']);
    await backstory.close();
    await open(purchase(['shipTo']), { entity: PurchaseLine, personal: [] });
    expect(await of()).toEqual([]);
  });

  it.each([['lines.engravng'], ['line.engraving'], ['lines']])(
    'that is not there is refused: %s',
    async (name) => {
      const message = expect.stringMatching(
        new RegExp(`"Purchase" has no property "${name}".*"personal"[^]*lines\\.engraving`),
      ) as string;
      await expect(open(purchase(['shipTo', name]))).rejects.toMatchObject({ message });
      await expect(
        open({ ...purchase([]), retain: { after: '7 years', properties: [name] } }),
      ).rejects.toThrow(`has no property "${name}" in its events, which "retain" names`);
      await open(purchase(['shipTo']));
    },
  );
});
