import type { DataSource, EntityMetadata, QueryRunner } from 'typeorm';
import { BackstoryError } from '../errors.js';
import type { InterceptingReads, PlannedRead, QueryShape } from './intercepting-reads.js';
import type { Select } from './row-identity.js';
import { standbyClient } from './standby-reads.js';

type RawResult = Record<string, unknown>;

/** The parts of TypeORM's SelectQueryBuilder that are used; the same from 0.3.20 to 1.1. */
interface SelectQueryBuilderInternals {
  connection?: DataSource;
  dataSource?: DataSource;
  expressionMap: {
    aliases: { name: string; hasMetadata: boolean; metadata: EntityMetadata }[];
    selects: Select[];
    cache?: boolean;
  } & QueryShape;
  getQueryAndParameters: (this: SelectQueryBuilderInternals) => [text: string, parameters: unknown[]];
  loadRawResults: (this: SelectQueryBuilderInternals, queryRunner: QueryRunner) => Promise<RawResult[]>;
  getRawMany: (this: SelectQueryBuilderInternals) => Promise<RawResult[]>;
}

interface Interception {
  readonly reads: WeakMap<DataSource, readonly InterceptingReads[]>;
  /** Query builders whose raw result was asked for by the application. */
  readonly raw: WeakSet<object>;
}

const key = Symbol.for('@backstory/adapter:intercept-reads');

/**
 * Routes the entity queries of a DataSource through `reads`. Raw results (`getRawMany`, counts, streams) pass through.
 * The builder's class is taken from the DataSource: whichever copy of TypeORM the application uses is the right one.
 * @returns ends it
 * @throws BackstoryError when the DataSource's queries are intercepted already
 */
export function interceptReads(dataSource: DataSource, reads: InterceptingReads): () => void {
  const prototype = Object.getPrototypeOf(dataSource.createQueryBuilder()) as SelectQueryBuilderInternals & {
    [key]?: Interception;
  };
  const interception = (prototype[key] ??= patch(prototype));
  const others = interception.reads.get(dataSource) ?? [];
  if (others.some(({ kind }) => kind === reads.kind)) {
    throw new BackstoryError(
      'ALREADY_OPEN',
      reads.kind === 'single'
        ? 'This DataSource has a Backstory already.'
        : 'The tenants of this DataSource have been opened already.',
      'Use that one (in Nest: @InjectBackstory()), or close() it before you create another.',
    );
  }
  interception.reads.set(dataSource, [...others, reads]);
  return () => {
    const left = (interception.reads.get(dataSource) ?? []).filter((each) => each !== reads);
    if (left.length > 0) interception.reads.set(dataSource, left);
    else interception.reads.delete(dataSource);
  };
}

function patch(prototype: SelectQueryBuilderInternals): Interception {
  const interception: Interception = { reads: new WeakMap(), raw: new WeakSet() };
  const { loadRawResults, getRawMany } = prototype;
  prototype.getRawMany = async function () {
    interception.raw.add(this);
    try {
      return await getRawMany.call(this);
    } finally {
      interception.raw.delete(this);
    }
  };
  prototype.loadRawResults = async function (queryRunner) {
    const dataSource = this.dataSource ?? this.connection;
    const reads = dataSource && interception.reads.get(dataSource);
    if (!reads || interception.raw.has(this)) return loadRawResults.call(this, queryRunner);
    const { aliases, selects } = this.expressionMap;
    const isKept = isCached(this, dataSource);
    const standby = dataSource.driver.isReplicated ? await standbyClient(dataSource, queryRunner) : undefined;
    const plan = (each: InterceptingReads): PlannedRead | undefined =>
      each.plan(aliases, this.expressionMap, isKept, standby);
    const { added, plans } = planned(reads, plan);
    if (plans.length === 0) return loadRawResults.call(this, queryRunner);
    if (added.length > 0) this.expressionMap.selects = [...selects, ...added];
    const apply = async (rows: RawResult[]): Promise<void> => {
      if (rows.length === 0) return;
      for (const plan of plans) await plan.apply(queryRunner, rows);
      // the last column first: then an object keeps its form, which is much faster for whoever reads it
      const names = added.map(({ aliasName }) => aliasName as string).reverse();
      for (const row of rows) for (const name of names) delete row[name];
    };
    try {
      if (!isKept) {
        const rows = await loadRawResults.call(this, queryRunner);
        await apply(rows);
        return rows;
      }
      // A hit is what the application has agreed to see for a while; what goes into the cache has been replayed.
      const [text] = this.getQueryAndParameters();
      return await loadRawResults.call(this, applying(queryRunner, text, apply));
    } finally {
      this.expressionMap.selects = selects;
    }
  };
  return interception;
}

/** What all of them add, once. One that asks for something else under a name that is taken does without. */
function planned(
  reads: readonly InterceptingReads[],
  planOf: (each: InterceptingReads) => PlannedRead | undefined,
): { added: Select[]; plans: PlannedRead[] } {
  const added = new Map<string | undefined, Select>();
  const plans: PlannedRead[] = [];
  for (const each of reads) {
    const plan = planOf(each);
    const isOther = ({ selection, aliasName }: Select): boolean =>
      (added.get(aliasName)?.selection ?? selection) !== selection;
    if (!plan || plan.selects.some(isOther)) continue;
    for (const select of plan.selects) added.set(select.aliasName, select);
    plans.push(plan);
  }
  return { added: [...added.values()], plans };
}

/** As SelectQueryBuilder decides it. */
function isCached({ expressionMap }: SelectQueryBuilderInternals, dataSource: DataSource): boolean {
  const { cache } = dataSource.options;
  const always = typeof cache === 'object' && cache.alwaysEnabled === true && expressionMap.cache !== false;
  return dataSource.queryResultCache !== undefined && (always || expressionMap.cache === true);
}

/** The same query runner, but for one statement: `apply` is called with its rows before anybody else sees them. */
function applying(
  queryRunner: QueryRunner,
  text: string,
  apply: (rows: RawResult[]) => Promise<void>,
): QueryRunner {
  const query = async (...args: unknown[]): Promise<unknown> => {
    const result: unknown = await (queryRunner.query as (...given: unknown[]) => Promise<unknown>).apply(
      queryRunner,
      args,
    );
    if (args[0] === text) await apply((result as { records: RawResult[] }).records);
    return result;
  };
  return new Proxy(queryRunner, {
    get: (target, property) => (property === 'query' ? query : (Reflect.get(target, property) as unknown)),
  });
}
