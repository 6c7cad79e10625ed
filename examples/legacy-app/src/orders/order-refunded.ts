/** It was paid, and the money went back, with the points that it had earned. Its stock is back. */
export class OrderRefunded {
  constructor(
    readonly cents: number,
    readonly points: number,
  ) {}
}
