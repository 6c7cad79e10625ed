import { seededRandom } from '../../library/random.js';

/** Choices that follow from one number. */
export class Picks {
  private readonly random;

  constructor(seed: number) {
    this.random = seededRandom(seed);
  }

  number(below: number): number {
    return Math.floor(this.random.next() * below);
  }

  of<Item>(list: readonly Item[]): Item {
    return list[this.number(list.length)] as Item;
  }

  chance(percent: number): boolean {
    return this.number(100) < percent;
  }

  some<Item>(list: readonly Item[], percent: number): Item[] {
    return list.filter(() => this.chance(percent));
  }
}
