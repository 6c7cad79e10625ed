import { InvalidOptionsError } from './errors.js';

/** @throws InvalidOptionsError for a name or number that no consumer can have */
export function validateConsumer(numbers: {
  name: string;
  partitions?: number;
  batchSize?: number;
  attempts?: number;
}): void {
  const { name, ...rest } = numbers;
  if (!/^[^@\s]+$/.test(name)) {
    throw new InvalidOptionsError(`"${name}" is no name of a consumer.`, 'Use one without spaces and @.');
  }
  for (const option of ['partitions', 'batchSize', 'attempts'] as const) {
    const value = rest[option];
    if (value === undefined || (Number.isInteger(value) && value > 0 && value <= 10_000)) continue;
    throw new InvalidOptionsError(
      `${option}: ${value} of consumer "${name}" is no number from 1 to 10 000.`,
      'Use a whole number.',
    );
  }
}
