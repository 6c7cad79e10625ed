import { InvalidOptionsError } from '../../errors.js';

/** A broker's client is an optional peer: loaded when it is used. A CommonJS module stands under `default` for ES modules. */
export async function loadClient<Client>(name: string, load: () => Promise<Client>): Promise<Client> {
  try {
    const client = await load();
    return (client as { default?: Client }).default ?? client;
  } catch (error) {
    if (!/^(?:ERR_)?MODULE_NOT_FOUND$/.test(String((error as NodeJS.ErrnoException).code))) throw error;
    throw new InvalidOptionsError(`The package "${name}" is not installed.`, `Run: npm install ${name}`);
  }
}
