import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { databaseSubjectKeys, decryptEvents, environmentKeys } from '@backstory/adapter';
import { runCommand } from '../../library/run-command.js';
import { Customer, openPeople, type People } from '../erasure/people.js';
import { variable } from './people-config.js';
import peopleDataSource from './people-data-source.js';
import { wire } from './wire-publisher.js';

const file = (name: string): string => join(__dirname, name);

describe('npx backstory relay publish', () => {
  let people: People;

  beforeAll(async () => {
    process.env[variable] = randomBytes(32).toString('base64');
    people = await openPeople();
    peopleDataSource.setOptions({ url: people.url });
    await people.dataSource.manager.insert(Customer, { id: 42, name: 'Ada!' });
  });

  afterAll(async () => {
    delete process.env[variable];
    await people.close();
  });

  afterEach(() => void wire.messages.splice(0));

  const publish = (name: string, ...argv: string[]): ReturnType<typeof runCommand> =>
    runCommand(
      ...['relay', 'publish', name, '--from', 'beginning', '--until-caught-up'],
      ...['--publisher', file('wire-publisher.ts'), '--data-source', file('people-data-source.ts'), ...argv],
    );
  const warning = 'is personal of customer, purchase is published as it is';

  it('says that it publishes what is personal as it is, unless it was told to', async () => {
    const { code, err } = await publish('plain');
    expect([code, err]).toEqual([0, expect.stringContaining(warning)]);
    expect(wire.bytes()).toContain('Ada!');
    expect((await publish('told', '--plain-text')).err).not.toContain(warning);
  });

  it('encrypts with the configuration that is named, for receivers with the same keys', async () => {
    const { code, err } = await publish('encrypted', '--config', file('people-config.ts'));
    expect([code, err]).toEqual([0, expect.not.stringContaining(warning)]);
    expect(wire.bytes()).not.toContain('Ada!');
    const keys = databaseSubjectKeys(people.dataSource, { keys: environmentKeys(variable) });
    const read = async (): Promise<unknown[]> =>
      (await decryptEvents(wire.events(), keys)).map(({ event }) => event.data['name']);
    expect(await read()).toEqual(['Ada!']);
    await people.backstory.erasure.eraseSubject('customer:42');
    expect(await read()).toEqual([null]);
  });

  it('refuses without it from then on', async () => {
    expect(await publish('forgotten')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/Relays of this history encrypt[^]*--config/),
    });
    expect(wire.messages).toEqual([]);
  });
});
