import type { Random } from '../library/random.js';
import type { ColumnShape, ColumnType, EntityShape, Release } from './release.js';

const words = [
  'title',
  'note',
  'due date',
  'amount',
  'place',
  'Owner',
  'grade',
  'order',
  'extra info',
  'état',
];
const nouns = ['Ticket', 'Crate', 'Visit', 'Invoice', 'Meadow', 'Brook', 'User', 'Route', 'Stamp', 'Album'];

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
export type DraftEntity = Mutable<Omit<EntityShape, 'columns' | 'renamed' | 'defaults'>> & {
  columns: Mutable<ColumnShape>[];
  renamed: Record<string, string>;
  defaults: Record<string, unknown>;
};

/** What is known while releases are made, one after the other. Names are given once only. */
export class ReleaseDraft {
  entities: DraftEntity[] = [];
  migration: string[] = [];
  breaks: string[] = [];
  repairs: { entity: string; property: string }[] = [];
  drops: string[] = [];
  /** Columns that are in the table, and that no entity maps any more. */
  readonly unmapped: { table: string; key: string; column: string }[] = [];
  /** Tables that no entity maps any more. */
  readonly forsaken: { table: string; parent?: string }[] = [];
  private names = 0;

  constructor(readonly random: Random) {}

  column(types: readonly ColumnType[], given: Partial<ColumnShape> = {}): Mutable<ColumnShape> {
    const { property, column } = this.newNames();
    const type = this.random.pick(types)!;
    return {
      key: `${property}#${this.names}`,
      property,
      column,
      type,
      scale: 2,
      digits: type === 'varchar' && this.random.chance(0.5),
      nullable: this.random.chance(0.5),
      ...given,
    };
  }

  /** A property and its column: the same, or in two styles, as applications have it. */
  newNames(): { property: string; column: string } {
    const [first = '', ...rest] = this.random.pick(words)!.split(' ');
    const n = ++this.names;
    const property = first + rest.map((word) => word[0]!.toUpperCase() + word.slice(1)).join('') + n;
    return {
      property,
      column: this.random.chance(0.5) ? property : [first.toLowerCase(), ...rest, n].join('_'),
    };
  }

  entity(given: Partial<DraftEntity> = {}): DraftEntity {
    const n = ++this.names;
    const name = `${this.random.pick(nouns)}${n}`;
    return {
      key: name,
      name,
      table: this.random.chance(0.5) ? name.toLowerCase() : name,
      idType: this.random.chance(0.7) ? 'int' : 'uuid',
      columns: [],
      owned: false,
      renamed: {},
      defaults: {},
      ...given,
    };
  }

  of(key: string | undefined): DraftEntity | undefined {
    return this.entities.find((entity) => entity.key === key);
  }

  /** The entities beneath it, and itself, those at the bottom first. */
  beneath(entity: DraftEntity): DraftEntity[] {
    const children = this.entities.filter(({ parent }) => parent === entity.key);
    return [...children.flatMap((child) => this.beneath(child)), entity];
  }

  /** What has been drafted since the last, as a release of its own. */
  finish(number: number, change: string, writes: readonly string[] = []): Release {
    const release: Release = {
      number,
      change,
      entities: structuredClone(this.entities),
      migration: this.migration,
      breaks: this.breaks,
      repairs: this.repairs,
      drops: this.drops,
      writes,
    };
    [this.migration, this.breaks, this.repairs, this.drops] = [[], [], [], []];
    return release;
  }
}
