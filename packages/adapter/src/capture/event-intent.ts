import { randomBytes } from 'node:crypto';
import { type EventTypeName, eventTypeName } from '../event/index.js';
import { type ActiveIntent, contextStorage } from './capture-context.js';

/** Names what the writes inside a scope mean. */
export interface EventIntent {
  /** The aggregate whose change gets the name: category, entity name or entity class. */
  aggregate: EventTypeName;
  /** Only the stream of this key. @defaultValue every stream of the aggregate that is changed inside */
  id?: string | number;
  /** Only this kind of change. @defaultValue any */
  on?: 'created' | 'updated' | 'deleted';
  /** What no column holds, such as a reason; goes into the event's data. A property of the entity is left out. */
  data?: Readonly<Record<string, unknown>>;
}

/**
 * Runs `work` so that the first change of each stream of the aggregate inside is recorded under `type`, in whatever
 * style it is written; later changes of the same stream keep their default names. Scopes nest: the innermost that fits wins.
 * @example
 * await withEvent(OrderShipped, { aggregate: Order, data: { trackingNumber } }, () => shipping.ship(42, trackingNumber));
 */
export function withEvent<Result>(type: EventTypeName, intent: EventIntent, work: () => Result): Result {
  const outer = contextStorage.getStore();
  const scope = `${outer?.intents[0] ? `${outer.intents[0].scope}.` : ''}${randomBytes(4).toString('hex')}`;
  const { id, on, data } = intent;
  const active: ActiveIntent = {
    aggregate: eventTypeName(intent.aggregate),
    type: eventTypeName(type),
    scope,
    ...(id !== undefined && { id: String(id) }),
    ...(on && { on }),
    ...(data && { data }),
  };
  return contextStorage.run({ source: outer?.source, intents: [active, ...(outer?.intents ?? [])] }, work);
}
