import { InvalidOptionsError } from '../errors.js';

/** @throws InvalidOptionsError for what can't be a category */
export function validCategory(category: string): string {
  if (/^[\p{L}_][\p{L}\p{N}_]*$/u.test(category) && category.length <= 60) return category;
  throw new InvalidOptionsError(
    `"${category}" can't be a category.`,
    'Use letters, digits and underscores, at most 60: the stream name puts a hyphen behind it.',
  );
}
