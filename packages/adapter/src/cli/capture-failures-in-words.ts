import type { UnsettledFailures } from '../capture/index.js';

/** A line for an aggregate that has some. */
export function captureFailuresInWords({
  category,
  captureFailures,
}: {
  readonly category: string;
  readonly captureFailures?: UnsettledFailures | null;
}): string {
  if (!captureFailures) return '';
  const { statements, firstAt, lastAt, lastError } = captureFailures;
  const when =
    statements === 1
      ? `at ${firstAt.toISOString()}`
      : `from ${firstAt.toISOString()} to ${lastAt.toISOString()}`;
  return `${category}: ${statements} ${statements === 1 ? 'statement was' : 'statements were'} written without events ${when}, because capture failed (${lastError.code}: ${lastError.message}). Once it is mended: npx backstory repair ${category}, then npx backstory verify ${category}\n`;
}
