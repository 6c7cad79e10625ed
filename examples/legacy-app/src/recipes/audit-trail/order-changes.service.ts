import { type Backstory, diff, type HistoryEntry, type PropertyDifference } from '@backstory/adapter';
import { InjectBackstory } from '@backstory/nest-module';
import { Injectable } from '@nestjs/common';
import { Order } from '../../orders/order.entity.js';

export interface OrderChange {
  readonly position: number;
  readonly at: Date;
  /** What has happened: OrderShipped. */
  readonly what: string;
  /** Null where nobody is known, such as for a change by psql. */
  readonly by: string | null;
  /** 'backfill': the state in which the order was found, and no change that anybody has made then. */
  readonly origin: string;
  readonly values: readonly { readonly name: string; readonly from: unknown; readonly to: unknown }[];
}

/** What users see, and its name for them. Everything else stays inside: the row's version, when it was written. */
const names: Readonly<Record<string, string>> = {
  status: 'Status',
  total: 'Total',
  note: 'Note',
  'customer.id': 'Customer',
  'shipping.street': 'Street',
  'shipping.postalCode': 'Postal code',
  'shipping.city': 'City',
  'shipping.country': 'Country',
  'lines.product.id': 'Product',
  'lines.quantity': 'Quantity',
  'lines.unitPrice': 'Price',
};

@Injectable()
export class OrderChangesService {
  constructor(@InjectBackstory() private readonly backstory: Backstory) {}

  /** The newest changes first, 50 at a time; `before` is the position of the oldest one that was shown. */
  async list(id: number, before?: number): Promise<OrderChange[]> {
    const until = before === undefined ? {} : { version: Math.max(0, before - 1) };
    const entries = diff(await this.backstory.history(Order, `${id}`, until));
    return entries.slice(-50).reverse().map(change);
  }
}

function change({ position, at, type, actor, origin, changes, parts }: HistoryEntry): OrderChange {
  const own = changes.flatMap((difference) => value(names[difference.property], difference));
  const ofLines = parts.flatMap((line) =>
    line.changes.flatMap((difference) => {
      const name = names[`${line.path}.${difference.property}`];
      return value(name && `${name} (line ${line.id})`, difference);
    }),
  );
  return { position, at, what: type, by: actor, origin, values: [...own, ...ofLines] };
}

/** None where users have no name for it, and where nothing has become nothing. */
function value(name: string | undefined, { before, after }: PropertyDifference): OrderChange['values'] {
  const [from, to] = [before ?? null, after ?? null];
  return name === undefined || (from === null && to === null) ? [] : [{ name, from, to }];
}
