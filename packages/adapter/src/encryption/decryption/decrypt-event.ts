import type { KeyObject } from 'node:crypto';
import type { CloudEvent } from '../../brokers/cloud-events/index.js';
import { BackstoryError } from '../../errors.js';
import { markOf, type ValuePath } from '../../event/index.js';
import {
  ciphertextRefused,
  decryptValue,
  type EncryptedValue,
  saysEncrypted,
  valueKey,
  type ValuePlace,
} from '../values/index.js';
import { replaceValues } from '../replace-values.js';
import type { SubjectKeys } from './subject-keys.js';

export interface DecryptionOptions {
  /**
   * What is done with a value of a subject that the lookup doesn't know, neither living nor erased: it asks a standby that is
   * behind, or another database. `null` gives null and names the value in `unknown`.
   * @defaultValue 'error', because nobody has erased it
   */
  unknown?: 'error' | 'null';
}

/** An event whose values can be read, as far as they were not erased. */
export interface DecryptedEvent {
  /** With the values themselves in its data; those that were erased are null, and named in `erased` of its metadata. */
  readonly event: CloudEvent;
  /** Every value that was erased, in the log or with the key of its subject: `name`, or `lines.7.text` for one of a part. */
  readonly erased: readonly string[];
  /** Values of subjects that the lookup doesn't know, with `unknown: 'null'`. They are null. */
  readonly unknown: readonly string[];
}

/**
 * Reads an event that a relay has encrypted values of. Needs no database but the lookup of keys. An event without encrypted values
 * comes back as it is, without a lookup. Call it when the event is handled, not when it is stored: what is stored encrypted is erased with the key.
 * @param keys - `databaseSubjectKeys`, or an endpoint of the application
 * @throws BackstoryError CIPHERTEXT_REFUSED for a value that was changed, or that was encrypted for another place; SUBJECT_KEY_UNKNOWN;
 * what the lookup throws
 * @example
 * const { event, erased } = await decryptEvent(readCloudEvent(message), databaseSubjectKeys(pool, { keys: environmentKeys() }));
 */
export async function decryptEvent(
  event: CloudEvent,
  keys: SubjectKeys,
  options: DecryptionOptions = {},
): Promise<DecryptedEvent> {
  const [decrypted] = await decryptEvents([event], keys, options);
  return decrypted as DecryptedEvent;
}

/**
 * As {@link decryptEvent}, for many events with one lookup. The first that can't be read fails all of them.
 * @example const decrypted = await decryptEvents([readCloudEvent(message)], databaseSubjectKeys(pool, { keys: environmentKeys() }));
 */
export async function decryptEvents(
  events: readonly CloudEvent[],
  keys: SubjectKeys,
  { unknown = 'error' }: DecryptionOptions = {},
): Promise<DecryptedEvent[]> {
  const encrypted = events.map(encryptedValues);
  const subjects = new Set(encrypted.flatMap((values) => values.flatMap(({ value }) => value.subjects)));
  const found = subjects.size > 0 ? await keys.find([...subjects]) : new Map<string, Uint8Array | 'erased'>();
  const derived = new Map<string, KeyObject>();
  const keyOf = (named: readonly string[], dataKeys: readonly Uint8Array[]): KeyObject => {
    const name = JSON.stringify(named);
    const key = derived.get(name) ?? valueKey(named, dataKeys);
    derived.set(name, key);
    return key;
  };
  return events.map((event, index) => {
    const erased = new Set<string>(marksOf(event));
    const missing: string[] = [];
    const values = (encrypted[index] ?? []).map(({ place, value }): [ValuePath, unknown] => {
      const dataKeys = value.subjects.map((subject) => found.get(subject));
      if (dataKeys.includes('erased')) erased.add(markOf(place.path));
      else if (dataKeys.includes(undefined)) {
        if (unknown === 'error') throw keyUnknown(place, value, found);
        missing.push(markOf(place.path));
      } else return [place.path, decryptValue(keyOf(value.subjects, dataKeys as Uint8Array[]), value, place)];
      return [place.path, null];
    });
    const marks = [...erased].sort();
    if (values.length === 0) return { event, erased: marks, unknown: [] };
    const data = replaceValues(event.data, values);
    const metadata = marks.length > 0 && {
      metadata: JSON.stringify({ ...metadataOf(event), erased: marks }),
    };
    return { event: { ...event, data, ...metadata }, erased: marks, unknown: missing };
  });
}

interface FoundValue {
  readonly place: ValuePlace;
  readonly value: EncryptedValue;
}

/** Where relays put them: a property, or one of a part behind its path and id. */
function encryptedValues({
  subject: stream,
  streamposition: position,
  epoch,
  data,
}: CloudEvent): FoundValue[] {
  const found: FoundValue[] = [];
  const look = (value: unknown, path: ValuePath): boolean => {
    if (!saysEncrypted(value)) return false;
    const place = { stream, position, epoch, path };
    const { $encrypted, subjects } = value;
    const named: readonly unknown[] = Array.isArray(subjects) ? subjects : [];
    if (
      typeof $encrypted !== 'string' ||
      named.length === 0 ||
      !named.every((each) => typeof each === 'string')
    )
      throw ciphertextRefused(place, 'it is no encrypted value');
    found.push({ place, value: value as EncryptedValue });
    return true;
  };
  for (const [name, value] of entriesOf(data)) {
    if (look(value, [name])) continue;
    for (const [id, patch] of entriesOf(value))
      for (const [property, own] of entriesOf(patch)) look(own, [name, id, property]);
  }
  return found;
}

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}

function metadataOf({ metadata }: CloudEvent): Record<string, unknown> {
  return metadata === undefined ? {} : (JSON.parse(metadata) as Record<string, unknown>);
}

function marksOf(event: CloudEvent): string[] {
  const { erased } = metadataOf(event);
  return Array.isArray(erased) ? erased.map(String) : [];
}

function keyUnknown(
  { stream, position, path }: ValuePlace,
  { subjects }: EncryptedValue,
  found: ReadonlyMap<string, unknown>,
): BackstoryError {
  const lacking = subjects.filter((subject) => !found.has(subject));
  return new BackstoryError(
    'SUBJECT_KEY_UNKNOWN',
    `"${markOf(path)}" of ${stream}@${position} can't be decrypted: there is no key of ${lacking.join(', ')}, and it was not erased either.`,
    "Look keys up in the primary database of the application that publishes: a standby may be behind. With unknown: 'null' such values are null.",
  );
}
