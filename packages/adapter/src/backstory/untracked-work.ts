import type { DataSource, EntityManager } from 'typeorm';
import { quoteIdentifier, sqlState, type SqlExecutor } from '../database/index.js';
import { BackstoryError, InvalidOptionsError } from '../errors.js';
import { type RecordedEvent, untrackedEventType } from '../event/index.js';
import { untrackedCategory } from '../event-store/index.js';
import { type EntityMapping, entityName, type EntityTarget, type MappingRegistry } from '../mapping/index.js';
import { refuseOff } from '../stages/index.js';

/** What untracked work is for. */
export interface UntrackedOptions {
  /** Why rows may go without an event for each: what verify, the history of each of them and the event of the aggregate say. */
  reason: string;
}

/** What untracked work has done to one aggregate. */
export interface UntrackedReport {
  readonly category: string;
  /** Entities whose rows are gone, and whose streams have ended without an event of their own. */
  readonly deleted: number;
  /** Changes of their parts that would have been events. */
  readonly parts: number;
  /** Global position of the event that tells of all of them. */
  readonly globalPosition: string;
}

/** The result of the work, and what it has done. */
export interface UntrackedResult<Result> {
  readonly result: Result;
  readonly aggregates: readonly UntrackedReport[];
}

const idsAtATime = 1_000;

/** Deletions that leave no event for each row, on purpose, in a transaction of their own. */
export class UntrackedWork {
  constructor(
    private readonly dataSource: DataSource,
    private readonly sql: SqlExecutor,
    private readonly schema: string,
    private readonly mappings: MappingRegistry,
  ) {}

  /** See `Backstory.untracked`. */
  async run<Result>(
    targets: readonly EntityTarget[],
    { reason }: UntrackedOptions,
    work: (manager: EntityManager) => Promise<Result>,
  ): Promise<UntrackedResult<Result>> {
    if (typeof reason !== 'string' || reason.trim() === '')
      throw new InvalidOptionsError(
        'Rows that go without an event need a reason.',
        "Say one: { reason: 'orders of before 2015, see the retention policy' }.",
      );
    if (targets.length === 0)
      throw new InvalidOptionsError(
        'untracked() was given no aggregate.',
        'Name those whose rows are deleted.',
      );
    // in one order, in which their events are appended: nobody waits in a circle
    const mappings = [
      ...new Map(targets.map((target) => this.mapping(target)).map((each) => [each.category, each])).values(),
    ].sort((a, b) => (a.category < b.category ? -1 : 1));
    const name = quoteIdentifier(this.schema);
    const refused = (error: unknown): never => {
      throw explained(error);
    };
    return this.dataSource
      .transaction('READ COMMITTED', async (manager) => {
        for (const mapping of mappings) await this.begin(manager, mapping, reason);
        const result = await work(manager);
        const aggregates: UntrackedReport[] = [];
        for (const { category, entity } of mappings) {
          const [ended] = await manager.query<{ deleted: string; parts: string; position: string }[]>(
            `select deleted::text, parts::text, position::text from ${name}.end_untracked($1, $2)`,
            [category, untrackedEventType(entity)],
          );
          const { deleted = '0', parts = '0', position = '0' } = ended ?? {};
          aggregates.push({
            category,
            deleted: Number(deleted),
            parts: Number(parts),
            globalPosition: position,
          });
        }
        return { result, aggregates };
      })
      .catch(refused);
  }

  /** See `Backstory.untrackedStreams`. */
  async *streams(event: Pick<RecordedEvent, 'category' | 'data'>): AsyncGenerator<string[], void, undefined> {
    const { work, category } = event.data;
    if (event.category !== untrackedCategory || typeof work !== 'string')
      throw new InvalidOptionsError(
        'This event tells of no untracked deletions.',
        "Give one of the type <Entity>Untracked, such as 'OrderUntracked', as a consumer gets it.",
      );
    const page = (behind: string): string =>
      `select distinct stream_id as id from ${quoteIdentifier(this.schema)}.untracked_ends u
       where u.category = $2 and u.work = $1::bigint ${behind} order by stream_id limit ${idsAtATime}`;
    for (let after: string | undefined; ;) {
      const rows = await this.sql.execute<{ id: string }>(
        page(after === undefined ? '' : 'and u.stream_id > $3'),
        [work, category, ...(after === undefined ? [] : [after])],
      );
      if (rows.length > 0) yield rows.map(({ id }) => id);
      if (rows.length < idsAtATime) return;
      after = rows.at(-1)?.id;
    }
  }

  private mapping(target: EntityTarget): EntityMapping {
    return this.mappings.get(entityName(target));
  }

  private async begin(manager: EntityManager, { category, knownAs }: EntityMapping, reason: string) {
    const [begun] = await manager.query<{ work: string | null }[]>(
      `select ${quoteIdentifier(this.schema)}.begin_untracked($1, $2)::text as work`,
      [category, reason],
    );
    if ((begun?.work ?? null) === null)
      refuseOff(knownAs, 'nothing of it is captured, so nothing can be left out');
  }
}

function explained(error: unknown): unknown {
  const { message = '', driverError } = error as Error & {
    driverError?: { constraint?: string; hint?: string };
  };
  if (sqlState(error) === '42501' && message.includes('_untracked'))
    return new BackstoryError(
      'RIGHTS_MISSING',
      `This role may not delete rows without an event for each: ${message}. Nothing was deleted.`,
      'Run it as the owner of the tables of Backstory, or let the application do it: npx backstory grants --app <this role> --untracked --apply',
      { cause: error },
    );
  if (driverError?.constraint === 'backstory_untracked')
    return new BackstoryError(
      'UNTRACKED_REFUSED',
      `${message.replace(/^Backstory: /, '')}. Nothing was written.`,
      'Insert and update in a transaction of its own, before or after: what is there is a state that replay must know.',
      { cause: error },
    );
  return error;
}
