import { wordsOf } from './words-of.js';

const secrets = new Set(
  (
    'password passcode passwd passwort pwd passphrase secret secrets token tokens hash salt otp totp mfa ' +
    'credential credentials signature pin apikey privatekey accesskey ' +
    'cvv cvc creditcard cardnumber'
  ).split(' '),
);
const personal = new Set(
  (
    'ssn sin iban bic pan nin nino svnr bsn cpf pesel passport biometric taxid dob birth birthdate birthday street ' +
    'socialinsurancenumber sozialversicherungsnummer'
  ).split(' '),
);
/** Secrets that may be numbers; others are counted by one: `maxTokens`. */
const digits = new Set('pin otp totp passcode cvv cvc creditcard cardnumber code card number'.split(' '));
/** Only together they say something: a key or a card may be anything. */
const pairs: readonly (readonly [first: string, second: string, personal: boolean])[] = [
  ['pass', 'word', false],
  ['pass', 'phrase', false],
  ['api', 'key', false],
  ['access', 'key', false],
  ['private', 'key', false],
  ['encryption', 'key', false],
  ['recovery', 'code', false],
  ['credit', 'card', false],
  ['debit', 'card', false],
  ['card', 'number', false],
  ['account', 'number', true],
  ['social', 'security', true],
  ['social', 'insurance', true],
  ['insurance', 'number', true],
  ['identity', 'number', true],
  ['tax', 'id', true],
  ['national', 'id', true],
  ['home', 'address', true],
  ['postal', 'address', true],
  ['billing', 'address', true],
  ['shipping', 'address', true],
];
/** At the end of a name they tell something about a secret, and not the secret. */
const about = new Set(
  (
    'type types kind count at on date status state enabled required length algorithm version expiry expires expiration ttl ' +
    'limit usage provider'
  ).split(' '),
);
/** The same, of a secret only: a tax id is the number itself, and a token's id is not the token. */
const aboutSecret = new Set(
  'id ids name names label url uri endpoint path prefix index address by symbol decimals'.split(' '),
);
/** At the beginning of a name they ask whether there is a secret. */
const question = new Set('is has was needs requires must should allow allows'.split(' '));
/** A hash of these is a fingerprint that everybody may see. */
const hashedInPublic = new Set(
  (
    'file image content commit git block document data body object page url message media attachment source asset photo video ' +
    'payload row record schema config checksum sha1 sha256 md5 tx transaction'
  ).split(' '),
);

/** What the name of a property says of its values. */
export interface Sensitivity {
  /** A secret is left out of events unless the application says otherwise; what is of a person is only pointed out. */
  readonly of: 'secret' | 'person';
  /** Whether a number may be it. */
  readonly isDigits: boolean;
  readonly reason: string;
}

/** Why a property looks as if nobody should find it in a log, from the words of its name; undefined for others. */
export function sensitivity(property: string): Sensitivity | undefined {
  const words = wordsOf(property);
  const isAbout = about.has(words.at(-1) ?? '') && !words.includes('birth');
  if (isAbout || question.has(words[0] ?? '')) return undefined;
  const secret = aboutSecret.has(words.at(-1) ?? '')
    ? undefined
    : words.find(
        (word, index) =>
          secrets.has(word) && !(word === 'hash' && hashedInPublic.has(words[index - 1] ?? '')),
      );
  if (secret !== undefined)
    return { of: 'secret', isDigits: digits.has(secret), reason: `a secret, by the word "${secret}"` };
  const own = words.find((word) => personal.has(word));
  if (own !== undefined)
    return { of: 'person', isDigits: true, reason: `data of a person, by the word "${own}"` };
  const pair = pairs.find(([first, second]) =>
    words.some((word, index) => word === first && words[index + 1] === second),
  );
  if (!pair) return undefined;
  const by = `by the words "${pair[0]} ${pair[1]}"`;
  return pair[2]
    ? { of: 'person', isDigits: true, reason: `data of a person, ${by}` }
    : { of: 'secret', isDigits: digits.has(pair[1]), reason: `a secret, ${by}` };
}
