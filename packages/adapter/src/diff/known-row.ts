import { isDeepStrictEqual } from 'node:util';
import type { EventData } from '../event/index.js';
import type { PropertyDifference } from './history-entry.js';

/** What events have told so far of one row. */
export class KnownRow {
  private readonly values = new Map<string, unknown>();
  private readonly erased = new Set<string>();

  /**
   * `isWhole`: every property has been told; one that wasn't is null, or what `otherwise` has for it.
   */
  constructor(
    readonly isWhole: boolean,
    private readonly otherwise: EventData = {},
  ) {}

  /** Takes over what an event says, and tells what that has changed. `erased` are the properties whose values it has lost. */
  change(data: EventData, erased: ReadonlySet<string>): PropertyDifference[] {
    return this.take(data, erased, (property) => this.before(property));
  }

  /** The same where there was nothing before, or where that isn't known. */
  begin(data: EventData, erased: ReadonlySet<string>, isKnown: boolean): PropertyDifference[] {
    return this.take(data, erased, () => (isKnown ? {} : { beforeIs: 'unknown' }));
  }

  /** What goes with the row. */
  end(): PropertyDifference[] {
    return [...this.values.keys()].map((property) => ({ property, ...this.before(property) }));
  }

  private take(
    data: EventData,
    erased: ReadonlySet<string>,
    beforeOf: (property: string) => Omit<PropertyDifference, 'property'>,
  ): PropertyDifference[] {
    const found: PropertyDifference[] = [];
    for (const [property, after] of Object.entries(data)) {
      const isErased = erased.has(property) && after === null;
      const difference: PropertyDifference = {
        property,
        ...beforeOf(property),
        after,
        ...(isErased && { afterIs: 'erased' }),
      };
      this.values.set(property, after);
      if (isErased) this.erased.add(property);
      else this.erased.delete(property);
      if (isChange(difference)) found.push(difference);
    }
    return found;
  }

  private before(property: string): Omit<PropertyDifference, 'property'> {
    if (this.values.has(property)) {
      return {
        before: this.values.get(property),
        ...(this.erased.has(property) && { beforeIs: 'erased' }),
      };
    }
    if (!this.isWhole) return { beforeIs: 'unknown' };
    return { before: Object.hasOwn(this.otherwise, property) ? this.otherwise[property] : null };
  }
}

/** Of what was erased nobody can say that it is the same. */
function isChange(difference: PropertyDifference): boolean {
  const { before, after, beforeIs, afterIs } = difference;
  if (beforeIs !== undefined || afterIs !== undefined || !Object.hasOwn(difference, 'before')) return true;
  return !isDeepStrictEqual(before, after);
}
