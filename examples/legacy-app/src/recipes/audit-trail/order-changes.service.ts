import { type Backstory, type EventData, type RecordedEvent } from '@backstory/adapter';
import { InjectBackstory } from '@backstory/nest-module';
import { Injectable } from '@nestjs/common';
import { isDeepStrictEqual } from 'node:util';
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

type Values = Readonly<Record<string, unknown>>;

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
    const events = await this.backstory.history(Order, `${id}`, { ...until, last: 50 });
    const [oldest] = events;
    if (!oldest) return [];
    const start = await this.backstory.state(Order, `${id}`, { version: oldest.streamPosition - 1 });
    let values = flat(start.state ?? {});
    const changes = events.map((event) => {
      const from = values;
      values = after(from, event);
      return change(event, from, values);
    });
    return changes.reverse();
  }
}

/** The line 7 of `{ lines: { 7: { quantity: 2 } } }` becomes `lines.7.quantity`; one that is taken away, `lines.7`. */
function flat(data: EventData): Values {
  const { lines = {}, ...own } = data;
  const ofLines = Object.entries(lines as Record<string, EventData | null>).flatMap(([id, line]) =>
    line
      ? Object.entries(line).map(([property, value]) => [`lines.${id}.${property}`, value])
      : [[`lines.${id}`, null]],
  );
  return { ...own, ...Object.fromEntries(ofLines) } as Values;
}

/** The values after an event: it has all of them when the order is created, and what has changed when it is updated. */
function after(before: Values, { change, data }: RecordedEvent): Values {
  if (change === 'none') return before;
  if (change === 'deleted') return {};
  const changed = flat(data);
  const gone = Object.keys(changed).filter((key) => /^lines\.[^.]+$/.test(key));
  const kept = Object.entries(before).filter(([key]) => !gone.some((line) => key.startsWith(`${line}.`)));
  return change === 'created' ? changed : { ...Object.fromEntries(kept), ...changed };
}

function change(event: RecordedEvent, before: Values, now: Values): OrderChange {
  const values = [...new Set([...Object.keys(before), ...Object.keys(now)])].flatMap((key) => {
    const [from, to] = [before[key] ?? null, now[key] ?? null];
    const [, line] = /^lines\.([^.]+)\./.exec(key) ?? [];
    const name = names[line ? key.replace(`.${line}.`, '.') : key];
    if (!name || isDeepStrictEqual(from, to)) return [];
    return [{ name: line ? `${name} (line ${line})` : name, from, to }];
  });
  const { streamPosition: position, recordedAt: at, type: what, metadata } = event;
  return { position, at, what, by: metadata.actor ?? null, origin: metadata.origin, values };
}
