import type { Database } from '../database/index.js';
import { chosenValues, DataKeys, Encryptor } from '../encryption/index.js';
import { InvalidOptionsError } from '../errors.js';
import { eventEvolution } from './event-evolution.js';
import { type ExportedEvent, type ExportSource, recordedEventOf } from '../files/index.js';
import type { MappingRegistry } from '../mapping/index.js';
import type { EncryptionOptions } from '../options/index.js';
import { knownEpochs, labelEpochs } from '../outbox/index.js';

const eventsAtATime = 500;

/**
 * Encrypts the values of persons in events that go into files, as relays do: in events as the code of today knows them.
 * @throws InvalidOptionsError where nothing holds keys, or nothing is said to be personal
 */
export function fileEncryption(
  database: Database,
  schema: string,
  mappings: MappingRegistry,
  options: EncryptionOptions | undefined,
): NonNullable<ExportSource['encrypt']> {
  if (!options) {
    throw new InvalidOptionsError(
      'The export is to be encrypted, and there is nothing that holds keys.',
      "Give the options encryption: { keys: environmentKeys() }, or fileKeys('backstory.keys') while you develop.",
    );
  }
  const { keys, encrypt = 'personal' } = options;
  chosenValues(encrypt, mappings);
  const encryptor = new Encryptor(database, schema, mappings, new DataKeys(database, schema, keys), encrypt);
  return async (events) => {
    const evolution = eventEvolution(mappings);
    const epochs = await knownEpochs(database, schema);
    const result: ExportedEvent[] = [];
    for (let first = 0; first < events.length; first += eventsAtATime) {
      const some = events.slice(first, first + eventsAtATime);
      const labelled = await labelEpochs(database, schema, epochs, some.map(recordedEventOf), {
        includeBackfill: true,
      });
      const encrypted = await encryptor.encrypt(labelled.map((event) => evolution.upcast(event)));
      for (const [index, event] of encrypted.entries()) {
        const { category, type, schemaVersion, data, metadata, epoch } = event;
        result.push({
          ...(some[index] as ExportedEvent),
          category,
          type,
          schemaVersion: String(schemaVersion),
          data: JSON.stringify(data),
          metadata: spaced(metadata),
          ...(epoch !== undefined && { epoch }),
        });
      }
    }
    return result;
  };
}

/** With a space behind each comma, as PostgreSQL writes a jsonb. Within texts, line breaks are escaped. */
function spaced(value: object): string {
  return JSON.stringify(value, null, 1).replace(/\n */g, ' ');
}
