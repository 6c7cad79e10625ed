import { createBackstory, createBackstoryForTenants, doctor } from '@backstory/adapter';
import { Invoice, tables, Tenancy } from './tenancy.js';

describe('tables of the same names in other schemas', () => {
  let tenancy: Tenancy;
  let warnings: string[];
  const logger = { log: () => undefined, warn: (message: string) => void warnings.push(message) };
  const aggregates = ['Invoice'];

  beforeEach(async () => {
    warnings = [];
    tenancy = await Tenancy.create('public', 'acme', 'globex');
  });

  afterEach(() => tenancy.close());

  it('are said at the start and by the doctor, with what to do, where the entity names no schema', async () => {
    const dataSource = await tenancy.open();
    const backstory = await createBackstory(dataSource, { aggregates, logger });
    expect(warnings).toEqual([
      expect.stringMatching(
        /^"acme"\."invoice", "globex"\."invoice" have the name .* not captured: "Invoice" names no schema, .*"public".*createBackstoryForTenants\(dataSource, { tenants: \['acme', 'globex'\] }\).*schema: 'public'/,
      ),
    ]);
    const finding = {
      severity: 'hint',
      problem: expect.stringContaining('"globex"."invoice"'),
      remedy: expect.stringContaining(`tenants: ['acme', 'globex']`),
    };
    expect(await backstory.doctor()).toContainEqual(finding);
    expect(await doctor(dataSource, { aggregates })).toContainEqual(finding);
    // a write there is no write to the captured table
    await dataSource.query(`insert into acme.invoice (payer) values ('Acme')`);
    expect(await backstory.history('invoice', '1')).toEqual([]);
  });

  it('are nothing to speak of where the schema is named, by the DataSource or the entity, or the tables are others', async () => {
    const named = await tenancy.open({ schema: 'public' });
    await (await createBackstory(named, { aggregates, logger })).close();
    const dataSource = await tenancy.open();
    await createBackstory(dataSource, { aggregates: ['Currency'], schema: 'backstory_shared', logger });
    expect(warnings).toEqual([]);
    await dataSource.query('alter table acme.invoice drop column payer; drop table globex.invoice cascade');
    expect(await doctor(dataSource, { aggregates })).toEqual([]);
  });

  it('are nothing to speak of once they have a history', async () => {
    const dataSource = await tenancy.open();
    await (await createBackstoryForTenants(dataSource, { aggregates, tenants: ['acme'] })).close();
    await createBackstory(dataSource, { aggregates, logger });
    expect(warnings).toEqual([expect.stringMatching(/^"globex"\."invoice" has the name/)]);
  });

  it('are said to whoever has named tenants, of schemas that nobody has named', async () => {
    const dataSource = await tenancy.open();
    await dataSource.query(tables('initech'));
    await createBackstoryForTenants(dataSource, { aggregates, tenants: ['acme', 'globex'], logger });
    expect(warnings).toEqual([expect.stringMatching(/^Not captured: initech, with tables like/)]);
  });

  it('stay as they are: nobody captures them unasked', async () => {
    const dataSource = await tenancy.open();
    await createBackstory(dataSource, { aggregates });
    expect(
      await dataSource.query(
        `select distinct tgrelid::regclass::text as table from pg_trigger where tgname like '00\\_backstory%'`,
      ),
    ).toEqual([{ table: 'invoice' }]);
    expect(Invoice.options.schema).toBeUndefined();
  });
});
