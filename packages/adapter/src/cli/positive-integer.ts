import { InvalidOptionsError } from '../errors.js';

/** @throws InvalidOptionsError for anything else */
export function positiveInteger(value: unknown, option: string): number {
  const number = Number(value);
  if (Number.isInteger(number) && number > 0) return number;
  throw new InvalidOptionsError(
    `${option} ${String(value)} is no positive whole number.`,
    `Give a number, such as ${option} 100.`,
  );
}
