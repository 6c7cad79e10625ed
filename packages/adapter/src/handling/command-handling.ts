import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource, EntityManager, EntityMetadata } from 'typeorm';
import { CommandClaims, type CommandIdentity, commandIdentity } from './command-claims.js';
import { type Constraints, readConstraints, refusalInWords } from './command-constraints.js';
import {
  type CommandedAggregate,
  decideChange,
  decideCreation,
  readDecidedState,
} from './command-decision.js';
import {
  conflictAfterAll,
  conflictInWords,
  conflictOfCaller,
  outsideTransaction,
} from './command-refusals.js';
import { holdEnd, readEnds, requireEnd } from './command-reads.js';
import { settledEntity, writtenEntity } from './command-results.js';
import { appendDecided, type CommandedStream, writeChange, writeCreation } from './command-writing.js';
import type { CreateOptions, Decide, Decision, HandleOptions } from '../commands/index.js';
import { lookFirstInto, requireTenantsTable } from './command-tenant.js';
import { type Database, gaveWay, type SqlExecutor } from '../database/index.js';
import { BackstoryError, InvalidOptionsError, WrongExpectedVersionError } from '../errors.js';
import { ownData } from '../event/index.js';
import type { EntityMapping, EntityTarget, MappingRegistry, TypeParsers } from '../mapping/index.js';
import { type Snapshots, requireSettled } from '../replay/index.js';
import { requireTransaction, executorOf, type PgClient } from '../connections/index.js';
import type { StageWatch } from '../stages/index.js';
import { metadataOf } from '../entities/index.js';

const firstWaitMs = 5;

/** What commands of one history have in common. */
export interface CommandSettings {
  /** How long ids are known, as PostgreSQL writes intervals. */
  readonly keepIds: string;
  /** The schema of the one tenant whose history it is, where requests choose it by search_path. */
  readonly tenant: string | undefined;
}

interface AskedCommand {
  readonly mapping: EntityMapping;
  readonly command: CommandIdentity | undefined;
  /** None for one that creates. */
  readonly streamId?: string;
}

/** Lets the application decide on what an aggregate is, and writes what it comes to. */
export class CommandHandling {
  private readonly claims: CommandClaims;
  private ownParsers: TypeParsers | undefined;
  private readonly constraints = new WeakMap<EntityMapping, Constraints>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly database: Database,
    private readonly schema: string,
    private readonly mappings: MappingRegistry,
    private readonly snapshots: Snapshots,
    private readonly parsers: () => Promise<TypeParsers>,
    private readonly stages: StageWatch,
    private readonly settings: CommandSettings,
  ) {
    this.claims = new CommandClaims(schema, settings.keepIds);
  }

  async handle(
    target: EntityTarget,
    id: string | number | bigint,
    decide: Decide<never>,
    options: HandleOptions<EntityManager> = {},
  ): Promise<object> {
    const { manager, retries = 3, checkAlways = false, reads = [] } = options;
    if (!Number.isSafeInteger(retries) || retries < 0)
      throw new InvalidOptionsError(
        `retries: ${retries} is no number of times.`,
        'Use a whole number from 0.',
      );
    const { mapping } = this.aggregate(target);
    const command = commandIdentity(options);
    const streamId = String(id);
    const others = reads.map(([read, key]) => ({
      mapping: this.mappings.get(metadataOf(this.dataSource, read).root.name),
      streamId: String(key),
    }));
    return this.persistently(manager, retries, { mapping, command, streamId }, async () => {
      const [sql, aggregate] = await this.open(mapping, manager);
      const before = await this.known(sql, aggregate, command, streamId);
      if (before) return before;
      const readOnly = await readEnds(sql, this.schema, others);
      const decided = await readDecidedState(sql, aggregate, streamId, (stream) =>
        this.snapshots.observe(mapping, streamId, stream),
      );
      const change = await decideChange(sql, aggregate, decided, decide);
      const { changes, ends } = change.evolved;
      const writes = changes.length > 0 || ends;
      const stream = { ...aggregate, streamId, position: decided.position };
      const write = async (within: EntityManager, own: SqlExecutor): Promise<object> => {
        const isNothing = change.events.length === 0 && !checkAlways;
        for (const end of isNothing ? [] : readOnly) await holdEnd(own, this.schema, end);
        if (writes) {
          const written = await writeChange(within, own, stream, change, decided);
          if (ends) return change.untouched;
          return writtenEntity(own, aggregate, streamId, decided.isOfRow ? undefined : written);
        }
        if (change.events.length > 0) await appendDecided(within, stream, change);
        else if (checkAlways)
          await (mapping.parts.length > 0 ? requireEnd : holdEnd)(own, this.schema, stream);
        return change.untouched;
      };
      const isOneStatement = !writes && command === undefined && readOnly.length === 0;
      const work = isOneStatement
        ? write(manager ?? this.dataSource.manager, sql)
        : this.within(manager, aggregate, command, streamId, async (within, own) => ({
            streamId,
            entity: await write(within, own),
          }));
      return work.catch(async (error: unknown) => {
        if (!manager && mapping.parts.length > 0) await this.refuseMoved(stream, error);
        throw this.inWords(conflictInWords(error, mapping.knownAs, streamId), mapping, options);
      });
    });
  }

  async create(
    target: EntityTarget,
    decide: () => Decision | Promise<Decision>,
    options: CreateOptions<EntityManager> = {},
  ): Promise<object> {
    const { manager } = options;
    const { mapping, metadata } = this.aggregate(target);
    const command = commandIdentity(options);
    return this.persistently(manager, 0, { mapping, command }, async () => {
      const [sql, aggregate] = await this.open(mapping, manager);
      const before = await this.known(sql, aggregate, command);
      if (before) return before;
      const change = await decideCreation(aggregate, metadata, decide);
      return this.within(manager, aggregate, command, undefined, async (within, own) => {
        const { streamId, stream } = await writeCreation(within, own, aggregate, change);
        return { streamId, entity: await writtenEntity(own, aggregate, streamId, stream) };
      }).catch((error: unknown) => {
        throw this.inWords(error, mapping, options);
      });
    });
  }

  /** Again after a conflict, but in a transaction of the caller, which is over then. */
  private async persistently(
    manager: EntityManager | undefined,
    retries: number,
    asked: AskedCommand,
    attempt: () => Promise<object>,
  ): Promise<object> {
    const decided = (): Promise<object> =>
      attempt().catch((error: unknown) => this.orFirst(manager, asked, error));
    if (manager) {
      requireTransaction(manager, this.dataSource, outsideTransaction);
      return decided().catch((error: unknown) => {
        throw conflictOfCaller(error);
      });
    }
    for (let turn = 0; ; turn++) {
      try {
        return await decided();
      } catch (error) {
        if (!(error instanceof WrongExpectedVersionError || gaveWay(error))) throw error;
        if (turn >= retries) throw conflictAfterAll(error, turn + 1);
        await sleep(firstWaitMs * 2 ** Math.min(turn, 6) * (0.5 + Math.random()));
      }
    }
  }

  /** What has failed beside another delivery of the same command, which was faster and which it may have seen: what that has come to. */
  private async orFirst(
    manager: EntityManager | undefined,
    { mapping, command, streamId }: AskedCommand,
    error: unknown,
  ): Promise<object> {
    if (!command) throw error;
    const look = async (): Promise<object | undefined> => {
      const [sql, aggregate] = await this.open(mapping, manager);
      return this.known(sql, aggregate, command, streamId);
    };
    const first = await look().catch((refused: unknown) => {
      // the transaction of a caller may be over, or have the id from this very attempt: that says nothing more
      throw BackstoryError.is(refused, 'COMMAND_ID_REUSED') ? refused : error;
    });
    if (first) return first;
    throw error;
  }

  /** Where a command reads: in the transaction of its caller, or in none. */
  private async open(
    mapping: EntityMapping,
    manager: EntityManager | undefined,
  ): Promise<[SqlExecutor, CommandedAggregate]> {
    const { dataSource, mappings, schema } = this;
    const client = manager && (await clientOf(manager));
    const parsers: TypeParsers = client
      ? (typeOid) => client.getTypeParser(typeOid, 'text')
      : (this.ownParsers ??= await this.parsers());
    const sql = client ? executorOf(client) : this.database;
    const { tenant } = this.settings;
    if (client && tenant !== undefined) await requireTenantsTable(sql, mapping, tenant);
    for (const table of [mapping, ...mapping.parts])
      if (!this.constraints.has(table)) this.constraints.set(table, await readConstraints(sql, table));
    return [sql, { dataSource, schema, mapping, mappings, parsers }];
  }

  private inWords(error: unknown, mapping: EntityMapping, { refusals }: CreateOptions): unknown {
    return refusalInWords(error, mapping, (table) => this.constraints.get(table), refusals);
  }

  /**
   * Where nobody's row is locked before it is written, a decision that was overtaken may meet a constraint before the version is compared.
   * @throws WrongExpectedVersionError where somebody has been faster
   */
  private async refuseMoved(stream: CommandedStream, cause: unknown): Promise<void> {
    if (gaveWay(cause)) return;
    await requireEnd(this.database, this.schema, stream).catch((error: unknown) => {
      if (!(error instanceof WrongExpectedVersionError)) return;
      const { stream: name, expected, actual } = error;
      throw new WrongExpectedVersionError(name, expected, actual, undefined, { cause });
    });
  }

  /**
   * Writes in the transaction of the caller, or in one of its own, under the id of the command: where another call has been faster with
   * it, what that has come to.
   */
  private async within(
    manager: EntityManager | undefined,
    aggregate: CommandedAggregate,
    command: CommandIdentity | undefined,
    streamId: string | undefined,
    write: (within: EntityManager, own: SqlExecutor) => Promise<{ streamId: string; entity: object }>,
  ): Promise<object> {
    const claimed = async (transaction: EntityManager): Promise<object> => {
      const own = executorOf(await clientOf(transaction));
      if (!command) return (await write(transaction, own)).entity;
      const other = await this.claims.claim(own, command, aggregate.mapping, streamId);
      if (other) return settledEntity(own, aggregate, other);
      const written = await write(transaction, own);
      await this.claims.settle(own, command.id, written.streamId);
      return written.entity;
    };
    if (manager) return claimed(manager);
    return this.dataSource.transaction(async (transaction) => {
      const { tenant } = this.settings;
      if (tenant !== undefined) await lookFirstInto(executorOf(await clientOf(transaction)), tenant);
      return claimed(transaction);
    });
  }

  /** What the command has come to, if it was handled before. */
  private async known(
    sql: SqlExecutor,
    aggregate: CommandedAggregate,
    command: CommandIdentity | undefined,
    streamId?: string,
  ): Promise<object | undefined> {
    if (!command) return undefined;
    const found = await this.claims.find(sql, command, aggregate.mapping, streamId);
    return found && settledEntity(sql, aggregate, found);
  }

  /** @throws UnknownAggregateError; BackstoryError COMMAND_REFUSED for an aggregate that no command can be of; ReplayError */
  private aggregate(target: EntityTarget): { mapping: EntityMapping; metadata: EntityMetadata } {
    const metadata = metadataOf(this.dataSource, target);
    const mapping = this.mappings.get(metadata.root.name);
    requireSettled(this.stages, mapping);
    if (mapping.columns.some(({ property }) => property === ownData)) {
      throw new BackstoryError(
        'COMMAND_REFUSED',
        `"${mapping.knownAs}" has a property "${ownData}", under which events of commands have what is no property.`,
        'Give the property another name.',
      );
    }
    return { mapping, metadata: metadata.own };
  }
}

async function clientOf(manager: EntityManager): Promise<PgClient> {
  return (await manager.queryRunner?.connect()) as PgClient;
}
