import { InvalidOptionsError } from '@backstory/adapter';

interface Values {
  text: string;
  texts: readonly string[];
  number: number;
  boolean: boolean;
}

type Kind = keyof Values;
/** Names with the kind of their value; one with a question mark may be left out. */
export type Fields = Readonly<Record<string, Kind | `${Kind}?`>>;
type Value<Field> = Field extends Kind
  ? Values[Field]
  : Field extends `${infer Of extends Kind}?`
    ? Values[Of] | undefined
    : never;

/** What was asked for, each with the type that was declared. */
export type Wish<Of extends Fields> = { readonly [Name in keyof Of]: Value<Of[Name]> };

const isText = (value: unknown): boolean =>
  typeof value === 'string' && value.trim() !== '' && value.length <= 2_000;

const kinds: Readonly<Record<Kind, { is: (value: unknown) => boolean; words: string }>> = {
  text: { is: isText, words: 'text of up to 2000 characters' },
  texts: {
    is: (value) => Array.isArray(value) && value.length > 0 && value.length <= 1_000 && value.every(isText),
    words: 'a list of texts, of up to 2000 characters each',
  },
  number: { is: Number.isFinite, words: 'a number' },
  boolean: { is: (value) => typeof value === 'boolean', words: 'true or false' },
};

/**
 * What the body of a request asks for. What isn't understood is refused, not left out: without a name that was misspelled, or with a
 * value taken for another one, more may be changed than was meant, for ever.
 * @throws InvalidOptionsError for what isn't declared, has another type, or is missing
 */
export function readWish<const Of extends Fields>(body: unknown, fields: Of): Wish<Of> {
  const given = body ?? {};
  if (typeof given !== 'object' || Array.isArray(given)) throw invalid('The body is no object.', fields);
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(fields, name));
  if (unknown !== undefined) throw invalid(`"${unknown}" is not known here: nothing was done.`, fields);
  for (const [name, field] of Object.entries(fields)) {
    const { is, words } = kinds[field.replace('?', '') as Kind];
    const value = (given as Record<string, unknown>)[name];
    if (value === undefined && field.endsWith('?')) continue;
    if (value === undefined) throw new InvalidOptionsError(`"${name}" is missing.`, `Give it as ${words}.`);
    if (!is(value))
      throw new InvalidOptionsError(`"${name}" is not ${words}: nothing was done.`, `Give it as ${words}.`);
  }
  return given as Wish<Of>;
}

function invalid(problem: string, fields: Fields): InvalidOptionsError {
  return new InvalidOptionsError(problem, `Give an object with: ${Object.keys(fields).join(', ')}.`);
}
