import { InvalidOptionsError } from '@backstory/adapter';

const shortest = 12;

/** @throws InvalidOptionsError for one that is missing, as an environment variable may be, or easily guessed */
export function requireSecret(name: string, secret: unknown): asserts secret is string {
  if (typeof secret === 'string' && secret.length >= shortest) return;
  const problem =
    secret === undefined || secret === '' ? 'is missing' : `has less than ${shortest} characters`;
  throw new InvalidOptionsError(
    `The ${name} of the dashboard's guard ${problem}.`,
    'Give one at random, such as "openssl rand -base64 24" makes, from the environment or a vault.',
  );
}
