import type { DataSource, EntityManager } from 'typeorm';
import {
  type AppendedEvents,
  appendedEvents,
  type AppendOptions,
  type AppendOutcome,
  appendStatement,
  type AppendTarget,
  type ExpectedVersion,
  newEvents,
  type NewEvent,
} from '../appending/index.js';
import { sqlState } from '../database/index.js';
import { AggregateNotFoundError, BackstoryError, InvalidOptionsError } from '../errors.js';
import { entityName, type EntityTarget, type MappingRegistry } from '../mapping/index.js';
import { requireTransaction } from '../connections/index.js';

/** What PostgreSQL says of a text that can't be a value of a key's type. */
const noValue = new Set(['22P02', '22003', '22007', '22008']);

/** Appends events of the application's own, in transactions of its own. */
export class Appends {
  constructor(
    private readonly dataSource: DataSource,
    private readonly schema: string,
    private readonly mappings: MappingRegistry,
  ) {}

  async append(
    manager: EntityManager,
    target: EntityTarget,
    streamId: string | number | bigint,
    events: NewEvent | readonly NewEvent[],
    { expectedVersion = 'any' }: AppendOptions = {},
  ): Promise<AppendedEvents> {
    requireVersion(expectedVersion);
    const stream = this.stream(target, streamId);
    const appended = newEvents(events);
    requireTransaction(
      manager,
      this.dataSource,
      () =>
        new BackstoryError(
          'APPEND_OUTSIDE_TRANSACTION',
          'This manager has no transaction open, so the event would stay where the change that it tells of is rolled back.',
          'Pass the manager of dataSource.transaction((manager) => …), or of a query runner after startTransaction(). An event by itself: dataSource.transaction((manager) => backstory.append(manager, …)).',
        ),
    );
    const { text, values } = appendStatement(this.schema, stream, JSON.stringify(appended), expectedVersion);
    const rows = await manager
      .query<AppendOutcome[]>(text, values)
      .catch((error: unknown) => this.refused(error, stream));
    return appendedEvents(
      stream,
      rows[0] as AppendOutcome,
      appended.map(({ type }) => type),
      expectedVersion,
    );
  }

  private stream(target: EntityTarget, id: string | number | bigint): AppendTarget {
    const streamId = String(id);
    if (!['string', 'number', 'bigint'].includes(typeof id) || streamId === '' || streamId.includes('\0'))
      throw new InvalidOptionsError(
        `${JSON.stringify(streamId)} is no id of a stream.`,
        'Give the key of a row, or any text that is not empty for a topic.',
      );
    const mapping =
      typeof target === 'string' ? this.mappings.find(target) : this.mappings.get(entityName(target));
    if (!mapping)
      return { category: target as string, knownAs: target as string, streamId, schemaVersion: 1 };
    const { category, knownAs, schemaVersion } = mapping;
    return { category, knownAs, streamId, schemaVersion };
  }

  private refused(error: unknown, { knownAs, streamId }: AppendTarget): never {
    const state = sqlState(error) ?? '';
    if (noValue.has(state)) throw new AggregateNotFoundError(knownAs, streamId, { cause: error });
    const message = error instanceof Error ? error.message : '';
    if (state === '42883' && message.includes('append'))
      throw new BackstoryError(
        'NOT_INSTALLED',
        `Schema "${this.schema}" is of a version that can't append events: ${message}.`,
        'Run "npx backstory install" as the owner of its tables.',
        { cause: error },
      );
    if (state === '42501' && message.includes('append_events'))
      throw new BackstoryError(
        'RIGHTS_MISSING',
        `This role may not append events: ${message}.`,
        'As the owner: npx backstory grants --app <this role> --apply --data-source <file>',
        { cause: error },
      );
    throw error;
  }
}

function requireVersion(expected: ExpectedVersion): void {
  if (typeof expected === 'number' && Number.isSafeInteger(expected) && expected >= 0) return;
  if (['any', 'no-stream', 'stream-exists'].includes(String(expected))) return;
  throw new InvalidOptionsError(
    `expectedVersion: ${String(expected)} is no position in a stream.`,
    "Use a whole number from 0, 'any', 'no-stream' or 'stream-exists'.",
  );
}
