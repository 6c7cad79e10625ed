import { InvalidOptionsError } from '../errors.js';

/** The value of --as-of. @throws InvalidOptionsError */
export function moment(value: unknown): Date {
  const text = typeof value === 'string' ? value : '';
  const date = new Date(text);
  if (!Number.isNaN(date.getTime())) return date;
  throw new InvalidOptionsError(`--as-of ${text} is no date.`, 'Give one, such as 2026-01-31T12:00:00Z.');
}
