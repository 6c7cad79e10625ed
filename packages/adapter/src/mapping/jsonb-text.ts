import { decimalText } from './decimal-text.js';

/** A value as PostgreSQL prints it as jsonb: shorter keys first, spaces behind colons and commas, numbers without an exponent. */
export function jsonbText(value: unknown): string {
  if (typeof value === 'number') return decimalText(String(value)) ?? String(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(jsonbText).join(', ')}]`;
  const members = Object.entries(value)
    .map(([key, member]) => ({ key: Buffer.from(key), text: `${JSON.stringify(key)}: ${jsonbText(member)}` }))
    .sort((one, other) => one.key.length - other.key.length || Buffer.compare(one.key, other.key));
  return `{${members.map(({ text }) => text).join(', ')}}`;
}
