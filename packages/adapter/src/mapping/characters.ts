import type { DeclaredType } from './declared-type.js';

/** A text as a column of that many characters holds it: cut, and in a char(n) filled up with spaces. */
export function characters({ name, modifiers: [length] }: DeclaredType, text: string): string {
  if (length === undefined || (name !== 'varchar' && name !== 'bpchar')) return text;
  const all = [...text];
  if (all.length > length) return all.slice(0, length).join('');
  return name === 'bpchar' ? text + ' '.repeat(length - all.length) : text;
}
