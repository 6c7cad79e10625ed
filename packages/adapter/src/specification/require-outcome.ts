import { AssertionError, deepStrictEqual } from 'node:assert';
import type { Decided } from './specification-options.js';

type Outcome = { readonly events: readonly Decided[] } | { readonly error: unknown };
type ExpectedError = Error | (new (...args: never[]) => Error);

/** @throws AssertionError that shows both */
export function requireEvents(expected: readonly Decided[], actual: readonly Decided[]): void {
  deepStrictEqual(actual.map(plain), expected.map(plain));
}

/** @throws AssertionError that says what has come in its place */
export function requireError(expected: ExpectedError, outcome: Outcome): void {
  const name = typeof expected === 'function' ? expected.name : expected.name || expected.constructor.name;
  if ('error' in outcome && isMeant(expected, outcome.error)) return;
  const found =
    'error' in outcome
      ? `${outcome.error instanceof Error ? `${outcome.error.constructor.name}: ${outcome.error.message}` : String(outcome.error)}`
      : `${outcome.events.map(({ type }) => type).join(', ') || 'no event'}`;
  throw new AssertionError({
    message: `${name} was expected of the command${expected instanceof Error ? `, "${expected.message}"` : ''}, and it came to ${found}.`,
    expected,
    actual: 'error' in outcome ? outcome.error : outcome.events,
    operator: 'then',
  });
}

function isMeant(expected: ExpectedError, error: unknown): boolean {
  if (typeof expected === 'function') return error instanceof expected;
  return (
    error instanceof Error && error.constructor === expected.constructor && error.message === expected.message
  );
}

/** Without prototypes, in which the same data may differ. */
function plain({ type, data }: Decided): unknown {
  return JSON.parse(JSON.stringify({ type, data }));
}
