export { chosenValues } from './chosen-values.js';
export { DataKeys } from './data-keys.js';
export { encryptingPublisher } from './encrypting-publisher.js';
export type { EncryptionRules } from './encryption-rules.js';
export { Encryptor } from './encryptor.js';
export { type RewrapReport, rewrapKeys } from './rewrap-keys.js';
export { type WrappingKey, wrappingKeys } from './wrapping-keys.js';
