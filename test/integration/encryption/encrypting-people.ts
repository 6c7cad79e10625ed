import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Backstory,
  databaseSubjectKeys,
  type DecryptedEvent,
  decryptEvents,
  fileKeys,
  type KeyProvider,
  type RelayDefinition,
} from '@backstory/adapter';
import { openPeople, type People } from '../erasure/people.js';
import { Wire } from './wire.js';

let numbered = 0;

/** People whose data leave the database encrypted, under keys in a file. */
export class EncryptingPeople {
  backstory: Backstory;

  private constructor(
    readonly people: People,
    readonly keys: KeyProvider,
    private readonly folder: string,
  ) {
    this.backstory = people.backstory;
  }

  static async open(): Promise<EncryptingPeople> {
    const folder = await mkdtemp(join(tmpdir(), 'backstory-relays-'));
    const keys = fileKeys(join(folder, 'keys'));
    return new EncryptingPeople(await openPeople({ encryption: { keys } }), keys, folder);
  }

  async close(): Promise<void> {
    await this.people.close();
    await rm(this.folder, { recursive: true });
  }

  /** What a new relay has to say of the whole log. */
  async relayed(options: Partial<RelayDefinition> = {}): Promise<Wire> {
    const wire = new Wire();
    const name = `relay${numbered++}`;
    const { consumers } = this.backstory;
    consumers.relay({ name, publisher: wire, from: 'beginning', includeBackfill: true, ...options });
    await consumers.start();
    await consumers.wait(name);
    await consumers.stop();
    consumers.forget(name);
    return wire;
  }

  /** As a receiver reads it that may ask the database for keys. */
  read(wire: Wire): Promise<DecryptedEvent[]> {
    return decryptEvents(wire.events(), databaseSubjectKeys(this.people.dataSource, { keys: this.keys }));
  }

  async data(wire: Wire): Promise<object[]> {
    return (await this.read(wire)).map(({ event }) => event.data);
  }
}

/** Whom the messages say that a property is of. */
export function subjectsIn(wire: Wire, property: string): unknown[] {
  return wire
    .events()
    .map(({ data: { [property]: value } }) => (value as { subjects?: string[] } | undefined)?.subjects);
}
