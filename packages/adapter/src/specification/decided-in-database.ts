import type { NewEvent } from '../appending/index.js';
import type { Decide, Decision } from '../commands/index.js';
import { InvalidOptionsError } from '../errors.js';
import { ownData, type RecordedEvent } from '../event/index.js';
import type { CommandedHistory, Decided, EntityClass } from './specification-options.js';

/** What a command comes to on a row that events have created. Residual events are of the database, and not meant. */
export async function decidedInDatabase<Entity extends object>(
  backstory: CommandedHistory,
  entityClass: EntityClass<Entity>,
  idOf: ((entity: Entity) => string | number | bigint) | undefined,
  given: readonly NewEvent[],
  decide: Decide<Entity>,
): Promise<readonly Decided[]> {
  const id = (entity: object): string => {
    const found = idOf ? idOf(entity as Entity) : (entity as { id?: string | number | bigint }).id;
    if (found !== undefined) return String(found);
    throw new InvalidOptionsError(
      `A "${entityClass.name}" has no property "id".`,
      'Say what its id is: { id: (entity) => … }.',
    );
  };
  if (given.length === 0) {
    const created = await backstory.create(entityClass, decide as () => Decision | Promise<Decision>);
    return toldIn(await backstory.history(entityClass.name, id(created)));
  }
  const streamId = id(await backstory.create(entityClass, () => given));
  const [last] = await backstory.history(entityClass.name, streamId, { last: 1 });
  await backstory.handle(entityClass, streamId, decide);
  return toldIn(await backstory.history(entityClass.name, streamId, { after: last?.streamPosition ?? 0 }));
}

function toldIn(events: readonly RecordedEvent[]): Decided[] {
  return events
    .filter(({ metadata }) => metadata['origin'] !== 'residual')
    .map(({ type, change, data }) => ({
      type,
      data: (change === 'none' ? data : (data[ownData] ?? {})) as Record<string, unknown>,
    }));
}
