import type { DataSource, EntityMetadata } from 'typeorm';
import { quoteIdentifier } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';
import type { InterceptingReads, PlannedRead, QueryShape } from './intercepting-reads.js';
import type { PgClient } from '../connections/index.js';
import type { ReplayingReads } from './replaying-reads.js';
import { type Alias, RowIdentity, type Select } from './row-identity.js';

type RawResult = Record<string, unknown>;

/** Which tenants read an entity in stage shadow or replay. */
interface ReadByTenants {
  /** By the oid of the table that a row is in. */
  readonly byTable: ReadonlyMap<number, ReplayingReads>;
  /** One of them: they all ask the same of a query. */
  readonly any: ReplayingReads;
}

/**
 * The reads of many tenants by one interception. In which schema a query looks is known to PostgreSQL alone, so each row says in
 * which table it is, and the tenant that is bound to that table replays it. Costs a query the same however many tenants there are.
 */
export class TenantReads implements InterceptingReads {
  readonly kind = 'tenants';
  private readonly members = new Set<ReplayingReads>();
  private known = new Map<EntityMetadata, ReadByTenants | null>();

  constructor(
    private readonly dataSource: DataSource,
    /** Told of an entity whose key is of other types for one tenant than for another: its rows are returned as they are. */
    private readonly onDifference: (entity: string) => void,
  ) {}

  add(reads: ReplayingReads): void {
    this.members.add(reads);
    this.changed();
  }

  delete(reads: ReplayingReads): void {
    this.members.delete(reads);
    this.changed();
  }

  /** A tenant stands elsewhere, or its tables are others. */
  changed(): void {
    this.known = new Map();
  }

  plan(
    aliases: readonly Alias[],
    query: QueryShape,
    _isKept: boolean,
    standby: PgClient | undefined,
  ): PlannedRead | undefined {
    if (!aliases.some(({ hasMetadata, metadata }) => hasMetadata && this.of(metadata))) return undefined;
    const selects: Select[] = [];
    const read = new Map<number, ReadByTenants>();
    for (const [index, alias] of aliases.entries()) {
      const tenants = alias.hasMetadata ? this.of(alias.metadata) : null;
      const found = tenants?.any.findOne(alias, index, query.selects);
      if (!tenants || !found) continue;
      read.set(index, tenants);
      selects.push(...found.identity.selects(query.selects, found.names, inSearchPath));
    }
    const asked = query.selects;
    return {
      selects,
      apply: async (queryRunner, rows) => {
        for (const [reads, own] of byTenant(read, rows)) {
          // the tenant looks at its own rows only: each alias knows its tables
          const onStandby = reads.onStandby(standby);
          await reads.apply(reads.find(aliases, asked), queryRunner, own, onStandby);
        }
      },
    };
  }

  private of(metadata: EntityMetadata): ReadByTenants | null {
    let tenants = this.known.get(metadata);
    if (tenants === undefined) this.known.set(metadata, (tenants = this.look(metadata)));
    return tenants;
  }

  private look(metadata: EntityMetadata): ReadByTenants | null {
    const byTable = new Map<number, ReplayingReads>();
    const asked = new Set<string>();
    let any: ReplayingReads | undefined;
    for (const reads of this.members) {
      const mapping = reads.mappingOf(metadata);
      // also of those that aren't replayed: a query doesn't know whose rows it will find
      if (mapping) asked.add(whatItAsks(metadata, mapping));
      const read = reads.readOf(metadata);
      if (!read) continue;
      any ??= reads;
      for (const oid of read.tables) byTable.set(oid, reads);
    }
    if (any && asked.size > 1) {
      this.onDifference(metadata.name);
      return null;
    }
    return any ? { byTable, any } : null;
  }
}

/** As in the query of everybody: an expression for one tenant's key must not fail on the table of another. */
function whatItAsks(metadata: EntityMetadata, mapping: EntityMapping): string {
  const alias: Alias = { name: 'a', hasMetadata: true, metadata };
  const identity = new RowIdentity(mapping, alias, 0, new Set());
  return JSON.stringify(identity.selects([{ selection: 'a' }], new Map(), inSearchPath));
}

/** Tables above a part's are found as the query finds its own. */
function inSearchPath({ table }: EntityMapping): string {
  return quoteIdentifier(table.name);
}

function byTenant(
  read: ReadonlyMap<number, ReadByTenants>,
  rows: RawResult[],
): Map<ReplayingReads, RawResult[]> {
  const found = new Map<ReplayingReads, RawResult[]>();
  for (const row of rows) {
    const of = new Set<ReplayingReads>();
    for (const [index, { byTable }] of read) {
      const reads = byTable.get(Number(row[RowIdentity.tableName(index)]));
      if (reads) of.add(reads);
    }
    for (const reads of of) found.set(reads, [...(found.get(reads) ?? []), row]);
  }
  return found;
}
