/**
 * `@backstory/adapter/decryption`: reads what relays have encrypted, on the receiver's side. Needs neither TypeORM nor a database.
 * @module decryption
 */
export { type CloudEvent } from '../../brokers/cloud-events/index.js';
export * from '../providers/index.js';
export type { EncryptedValue } from '../values/index.js';
export { databaseSubjectKeys, type KeySql, type SubjectKeysOptions } from './database-subject-keys.js';
export { type DecryptedEvent, decryptEvent, decryptEvents, type DecryptionOptions } from './decrypt-event.js';
export type { SubjectKeys } from './subject-keys.js';
