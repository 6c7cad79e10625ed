import { type BackstoryOptions, InvalidOptionsError } from '../index.js';
import { refuseUnknownOptions } from './unknown-options.js';

const refused = (options: unknown, others?: string[]): unknown => {
  try {
    refuseUnknownOptions(options as BackstoryOptions, others);
    return undefined;
  } catch (error) {
    return error;
  }
};

describe('options that nobody knows', () => {
  it.each([
    [{ exlude: ['User'] }, 'exlude is no option.', 'Did you mean exclude?'],
    [
      { shadow: { requierdReads: 1 } },
      'shadow.requierdReads is no option.',
      'Did you mean shadow.requiredReads?',
    ],
    [
      { aggregates: ['all', { entity: 'User', exlcude: ['hash'] }] },
      'aggregates[1].exlcude is no option.',
      'Did you mean aggregates[1].exclude?',
    ],
    [{ replay: { storage: 1 } }, 'replay.storage is no option.', 'There are: cache.'],
    [{ context: () => undefined }, 'context is no option.', 'There are: aggregates, exclude, schema'],
  ])('%j are refused with the nearest one', (options, problem, remedy) => {
    const error = refused(options);
    expect(error).toBeInstanceOf(InvalidOptionsError);
    expect((error as Error).message).toContain(problem);
    expect((error as Error).message).toContain(remedy);
  });

  it.each([
    {},
    { aggregates: 'all' },
    { aggregates: [{ options: { name: 'Order', columns: {} } }, class Order {}, 'Customer'] },
    { shadow: undefined, consumers: { pollMs: 10 }, replay: { cache: false } },
  ])('%j are taken', (options) => {
    expect(refused(options)).toBeUndefined();
  });

  it('what another reader of the same object knows is taken', () => {
    expect(refused({ tenants: ['a'] }, ['tenants'])).toBeUndefined();
  });
});
