/** The parcel has left. */
export class OrderShipped {
  constructor(readonly shippedAt: Date) {}
}
