export type { BackstoryLogger, BackstoryOptions, EncryptionOptions, SealingOptions } from './options.js';
export type { TenantOptions } from './tenant-options.js';
export { refuseUnknownOptions } from './unknown-options.js';
export { validateOptions } from './validate-options.js';
