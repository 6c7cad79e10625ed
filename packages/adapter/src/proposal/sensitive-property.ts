import { wordsOf } from './words-of.js';

const secrets = new Set(
  (
    'password passwd passwort pwd passphrase secret secrets token tokens hash salt otp totp mfa ' +
    'credential credentials signature pin apikey privatekey accesskey'
  ).split(' '),
);
const personal = new Set(
  'ssn iban bic cvv cvc pan nin passport biometric creditcard cardnumber taxid'.split(' '),
);
/** Only together they say something: a key or a card may be anything. */
const pairs: readonly (readonly [first: string, second: string, personal: boolean])[] = [
  ['api', 'key', false],
  ['access', 'key', false],
  ['private', 'key', false],
  ['encryption', 'key', false],
  ['recovery', 'code', false],
  ['credit', 'card', true],
  ['debit', 'card', true],
  ['card', 'number', true],
  ['account', 'number', true],
  ['social', 'security', true],
  ['tax', 'id', true],
  ['national', 'id', true],
];

/** Why a property looks as if nobody should find it in a log, from the words of its name; undefined for others. */
export function sensitivity(property: string): string | undefined {
  const words = wordsOf(property);
  const secret = words.find((word) => secrets.has(word));
  if (secret !== undefined) return `a secret, by the word "${secret}"`;
  const own = words.find((word) => personal.has(word));
  if (own !== undefined) return `of a person, by the word "${own}"`;
  const pair = pairs.find(([first, second]) =>
    words.some((word, index) => word === first && words[index + 1] === second),
  );
  return pair && `${pair[2] ? 'of a person' : 'a secret'}, by the words "${pair[0]} ${pair[1]}"`;
}
