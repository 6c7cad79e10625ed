import { BackstoryError } from '../errors.js';

type Method = (...args: never[]) => unknown;

/**
 * An instance of a class whose methods say that there is no database, but for those that are given. Of others the ones that answer at once
 * throw, and the rest reject.
 */
export function refusing<Instance extends object>(
  type: { readonly prototype: Instance },
  name: string,
  given: object,
  atOnce: readonly (keyof Instance)[] = [],
): Instance {
  const methods = Object.create(type.prototype) as Record<string, Method>;
  for (const method of methodsOf(type.prototype)) {
    const refuse = (): never => {
      throw noDatabase(`${name}.${method}()`);
    };
    // eslint-disable-next-line @typescript-eslint/require-await -- it rejects, as what it stands for would
    methods[method] = (atOnce as readonly string[]).includes(method) ? refuse : async () => refuse();
  }
  return Object.assign(Object.create(methods) as Instance, given);
}

function methodsOf(prototype: object): string[] {
  const names = new Set<string>();
  for (let at = prototype; at !== Object.prototype; at = Object.getPrototypeOf(at) as object) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at)))
      if (name !== 'constructor' && typeof value === 'function') names.add(name);
  }
  return [...names];
}

export function noDatabase(call: string): BackstoryError {
  return new BackstoryError(
    'NO_DATABASE',
    `${call} needs a database, and this Backstory is a stand-in without one.`,
    'Replace the method in this test by what it is to return, or run the test against a real database: docs/testing.md.',
  );
}
