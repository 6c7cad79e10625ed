import { sensitivity } from './sensitive-property.js';

describe('sensitivity', () => {
  it.each([
    'password',
    'passwordHash',
    'PASSWORD_HASH',
    'resetToken',
    'oauth.accessToken',
    'clientSecret',
    'apiKey',
    'APIKey',
    'private_key',
    'ssn',
    'cardNumber',
    'payment.creditCard',
    'iban',
    'cvv',
    'taxId',
    'hash',
    'userHash',
    'socialInsuranceNumber',
    'social_insurance_number',
    'SIN',
    'nationalInsuranceNumber',
  ])('%s looks sensitive', (property) => {
    expect(sensitivity(property)).toEqual(expect.stringMatching(/^(a secret|of a person), by the word/));
  });

  it.each([
    'name',
    'keyboard',
    'pinned',
    'cardinality',
    'spanish',
    'company',
    'hashtag',
    'monkey',
    'apiVersion',
    'credentialType',
    'fileHash',
    'content_hash',
    'passwordChangedAt',
    'tokenCount',
    'secretType',
    'singleton',
    'id',
  ])('%s does not', (property) => {
    expect(sensitivity(property)).toBeUndefined();
  });
});
