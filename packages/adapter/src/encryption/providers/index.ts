export { environmentKeys } from './environment-keys.js';
export { fileKeys } from './file-keys.js';
export type { KeyContext, KeyProvider, WrappedKey } from './key-provider.js';
export {
  type KmsClient,
  type KmsCommandClient,
  type KmsDecryptInput,
  type KmsEncryptInput,
  type KmsKeyOptions,
  kmsKeys,
} from './kms-keys.js';
