/** Nothing was paid yet, and nothing will be. Its stock is back. */
export class OrderCancelled {}
