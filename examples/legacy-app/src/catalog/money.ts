/** An amount in the shop's one currency. Kept in cents, so that sums are exact. */
export class Money {
  static readonly zero = new Money(0);

  private constructor(readonly cents: number) {
    Object.freeze(this);
  }

  static fromCents(cents: number): Money {
    return new Money(Math.round(cents));
  }

  static parse(text: string): Money {
    if (!/^-?\d+(\.\d{1,2})?$/.test(text)) {
      throw new RangeError(`Not an amount of money: ${text}`);
    }
    return Money.fromCents(Number(text) * 100);
  }

  static sum(amounts: Money[]): Money {
    return Money.fromCents(amounts.reduce((cents, amount) => cents + amount.cents, 0));
  }

  times(factor: number): Money {
    return Money.fromCents(this.cents * factor);
  }

  /** What is left after a discount in percent. */
  reducedBy(percent: number): Money {
    return this.times(1 - percent / 100);
  }

  toString(): string {
    return (this.cents / 100).toFixed(2);
  }

  toJSON(): string {
    return this.toString();
  }
}
