import type { Database } from '../database/index.js';
import {
  chosenValues,
  DataKeys,
  encryptingPublisher,
  type EncryptionRules,
  Encryptor,
} from '../encryption/index.js';
import { InvalidOptionsError, UnknownAggregateError } from '../errors.js';
import type { MappingRegistry } from '../mapping/index.js';
import type { EncryptionOptions } from '../options/index.js';
import type { EventPublisher } from '../outbox/index.js';

/** What puts encryption before the publishers of one history's relays, where it is asked for. */
export type PublisherEncryption = (
  publisher: EventPublisher,
  relay: string,
  rules: EncryptionRules | 'none' | undefined,
) => EventPublisher;

/** All relays share the keys that were unwrapped. */
export function publisherEncryption(
  database: Database,
  schema: string,
  mappings: MappingRegistry,
  options: EncryptionOptions | undefined,
): PublisherEncryption {
  const keys = options && new DataKeys(database, schema, options.keys);
  return (publisher, relay, asked) => {
    const rules = asked ?? (options ? (options.encrypt ?? 'personal') : 'none');
    if (rules === 'none') return publisher;
    if (!keys) {
      throw new InvalidOptionsError(
        `Relay "${relay}" is to encrypt, and there is nothing that holds keys.`,
        "Give the options encryption: { keys: environmentKeys() }, or fileKeys('backstory.keys') while you develop.",
      );
    }
    refuseUnknown(rules, mappings);
    return encryptingPublisher(publisher, new Encryptor(database, schema, mappings, keys, rules));
  };
}

/** What isn't there may come with the migrations: the relay looks again, and waits for it. */
function refuseUnknown(rules: EncryptionRules, mappings: MappingRegistry): void {
  try {
    chosenValues(rules, mappings);
  } catch (error) {
    if (!(error instanceof UnknownAggregateError)) throw error;
  }
}
