export { ciphertextRefused, decryptValue } from './decrypt-value.js';
export { encryptValue } from './encrypt-value.js';
export { type EncryptedValue, saysEncrypted } from './encrypted-value.js';
export { valueKey } from './value-key.js';
export type { ValuePlace } from './value-place.js';
