import { wordsOf } from './words-of.js';

const secrets = new Set(
  (
    'password passwd passwort pwd passphrase secret secrets token tokens hash salt otp totp mfa ' +
    'credential credentials signature pin apikey privatekey accesskey'
  ).split(' '),
);
const personal = new Set(
  (
    'ssn sin iban bic cvv cvc pan nin nino svnr bsn cpf pesel passport biometric creditcard cardnumber taxid ' +
    'socialinsurancenumber sozialversicherungsnummer'
  ).split(' '),
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
  ['social', 'insurance', true],
  ['insurance', 'number', true],
  ['identity', 'number', true],
  ['tax', 'id', true],
  ['national', 'id', true],
];
/** At the end of a name they tell something about a secret, and not the secret. */
const about = new Set(
  (
    'type types kind count at on date status state enabled required length algorithm version expiry expires expiration ttl ' +
    'limit usage provider'
  ).split(' '),
);
/** A hash of these is a fingerprint that everybody may see. */
const hashedInPublic = new Set(
  (
    'file image content commit git block document data body object page url message media attachment source asset photo video ' +
    'payload row record schema config checksum sha1 sha256 md5 tx transaction'
  ).split(' '),
);

/** Why a property looks as if nobody should find it in a log, from the words of its name; undefined for others. */
export function sensitivity(property: string): string | undefined {
  const words = wordsOf(property);
  if (about.has(words.at(-1) ?? '')) return undefined;
  const secret = words.find(
    (word, index) => secrets.has(word) && !(word === 'hash' && hashedInPublic.has(words[index - 1] ?? '')),
  );
  if (secret !== undefined) return `a secret, by the word "${secret}"`;
  const own = words.find((word) => personal.has(word));
  if (own !== undefined) return `of a person, by the word "${own}"`;
  const pair = pairs.find(([first, second]) =>
    words.some((word, index) => word === first && words[index + 1] === second),
  );
  return pair && `${pair[2] ? 'of a person' : 'a secret'}, by the words "${pair[0]} ${pair[1]}"`;
}
