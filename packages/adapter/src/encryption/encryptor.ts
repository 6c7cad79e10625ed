import type { KeyObject } from 'node:crypto';
import type { Database } from '../database/index.js';
import { markOf, type RecordedEvent, streamName, type ValuePath, valuesOf } from '../event/index.js';
import { InvalidOptionsError } from '../errors.js';
import type { EntityMapping, MappingRegistry } from '../mapping/index.js';
import { chosenValues } from './chosen-values.js';
import type { DataKeys } from './data-keys.js';
import type { EncryptionRules } from './encryption-rules.js';
import { goesBy } from '../erasure/index.js';
import { KnownNamings } from './known-namings.js';
import { OtherAggregates } from './other-aggregates.js';
import { replaceValues } from './replace-values.js';
import { type EventWithValues, subjectsOfEvents } from './subjects-of-events.js';
import { encryptValue, saysEncrypted, valueKey } from './values/index.js';

/** Takes events, as the code of today knows them, and gives them back fit to leave the database. */
export class Encryptor {
  private readonly namings = new KnownNamings();
  private readonly others: OtherAggregates;

  /** The rules are looked into at each call: aggregates may come later. */
  constructor(
    private readonly database: Database,
    private readonly schema: string,
    private readonly mappings: MappingRegistry,
    private readonly keys: DataKeys,
    private readonly rules: EncryptionRules,
  ) {
    this.others = new OtherAggregates(database, schema);
  }

  /**
   * The events with the chosen values encrypted, and null where the key of their subject is erased. A value that is null stays so.
   * Whoever erases a key while this runs makes what comes of it unreadable.
   * @throws InvalidOptionsError, UnknownAggregateError for rules that don't fit; BackstoryError RIGHTS_MISSING; what the key provider throws
   */
  async encrypt(events: readonly RecordedEvent[]): Promise<RecordedEvent[]> {
    const others = await this.othersFor(events);
    const chosen = this.choose(events, others);
    const mappings = [...this.mappings.all(), ...others];
    const withValues = chosen.filter(({ paths }) => paths.length > 0);
    const subjects = await subjectsOfEvents(this.database, this.schema, mappings, withValues, this.namings);
    const subjectsOf = new Map(withValues.map(({ event }, index) => [event, subjects[index]]));
    const all = new Set(
      withValues.flatMap(({ paths }, index) => paths.flatMap((path) => subjects[index]?.(path) ?? [])),
    );
    const dataKeys = await this.keys.of([...all]);
    const derived = new Map<string, KeyObject | 'erased'>();
    const keyOf = (named: readonly string[]): KeyObject | 'erased' => {
      const name = JSON.stringify(named);
      const known = derived.get(name);
      if (known) return known;
      const found = named.map((subject) => dataKeys.get(subject) as Uint8Array | 'erased');
      const living = found.filter((key) => key !== 'erased');
      const key = living.length < found.length ? 'erased' : valueKey(named, living);
      derived.set(name, key);
      return key;
    };
    return chosen.map(({ event, paths }) => {
      if (paths.length === 0) return event;
      const erased: string[] = [];
      const values = paths.map((path): [ValuePath, unknown] => {
        const named = subjectsOf.get(event)?.(path) ?? [];
        const key = keyOf(named);
        if (key !== 'erased')
          return [path, encryptValue(key, named, placeOf(event, path), valueAt(event, path))];
        erased.push(markOf(path));
        return [path, null];
      });
      return { ...event, ...marked(event, erased), data: replaceValues(event.data, values) };
    });
  }

  /** Asked for only where somebody else's aggregate is among the events, or is named as a subject. */
  private async othersFor(events: readonly RecordedEvent[]): Promise<readonly EntityMapping[]> {
    const own = this.mappings.all();
    const subjects = own.flatMap((root) =>
      [root, ...root.parts].flatMap(({ subject = {} }) => Object.keys(subject)),
    );
    const isForeign =
      events.some(({ category }) => !own.some(({ knownAs }) => knownAs === category)) ||
      subjects.some((name) => !own.some((root) => goesBy(root, name)));
    return isForeign ? this.others.beside(own) : [];
  }

  private choose(events: readonly RecordedEvent[], others: readonly EntityMapping[]): EventWithValues[] {
    const chosen = chosenValues(this.rules, this.mappings);
    if (chosen.size === 0) throw nothingChosen();
    const byName = new Map(this.mappings.all().map((root) => [root.knownAs, root]));
    const byCategory = new Map(others.map((root) => [root.category, root]));
    return events.map((event) => {
      const own = byName.get(event.category);
      const root = own ?? byCategory.get(event.category);
      const isChosen = chosen.get(event.category);
      // nobody here knows what of it is personal, and somebody has asked for all that is
      const isUnknown = !own && typeof this.rules === 'string';
      const parts = event.change === 'none' ? [] : (root?.parts ?? []);
      const paths = valuesOf(
        event.data,
        parts.map(({ part }) => part.path),
      ).flatMap(([path, value]) =>
        value !== null && (isUnknown || isChosen?.(path, event.change) || pretends(value, path))
          ? [path]
          : [],
      );
      return { event, root, paths };
    });
  }
}

function nothingChosen(): InvalidOptionsError {
  return new InvalidOptionsError(
    'A relay is to encrypt what is personal, and no aggregate says what that is.',
    "Say it: { entity: Customer, personal: ['name'] }. Or say what to encrypt: encrypt: { customer: 'all' }; or encrypt: 'none'.",
  );
}

/** What a receiver would take for an encrypted value, and isn't one. */
function pretends(value: unknown, path: ValuePath): boolean {
  if (saysEncrypted(value)) return true;
  if (path.length === 3 || typeof value !== 'object' || value === null) return false;
  return Object.values(value).some(
    (inner: unknown) =>
      typeof inner === 'object' && inner !== null && Object.values(inner).some(saysEncrypted),
  );
}

function valueAt({ data }: RecordedEvent, [first, id, property]: ValuePath): unknown {
  if (id === undefined || property === undefined) return data[first];
  return (data[first] as Record<string, Record<string, unknown>>)[id]?.[property];
}

function placeOf(event: RecordedEvent, path: ValuePath): Parameters<typeof encryptValue>[2] {
  const stream = streamName(event.category, event.streamId);
  return { stream, position: event.streamPosition, epoch: event.epoch, path };
}

function marked({ metadata }: RecordedEvent, erased: readonly string[]): Partial<RecordedEvent> {
  if (erased.length === 0) return {};
  const known: readonly string[] = metadata.erased ?? [];
  return { metadata: { ...metadata, erased: [...new Set([...known, ...erased])].sort() } };
}
