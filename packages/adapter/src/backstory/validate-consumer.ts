import { InvalidOptionsError } from '../errors.js';

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

/** @throws InvalidOptionsError for what is neither a place in the log nor one of its ends */
export function validateStart(consumer: string, from: string): void {
  if (from === 'now' || from === 'beginning' || /^\d+$/.test(from)) return;
  throw new InvalidOptionsError(
    `from: "${String(from)}" of consumer "${consumer}" is no place to start.`,
    "Use 'now', 'beginning' or a global position, such as '1234'.",
  );
}
