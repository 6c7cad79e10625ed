import {
  type Backstory,
  BackstoryError,
  InvalidOptionsError,
  type TenantBackstories,
  type TenantOverview,
} from '@backstory/adapter';
import type { DashboardRequest } from './dashboard-answer.js';
import { DashboardWork, type Turns } from './dashboard-work.js';

/** One history, and what is being done in it. */
export interface DashboardHistory {
  readonly backstory: Backstory;
  readonly work: DashboardWork;
}

/** Some tenants, by their names, and where they stand. */
export interface TenantList {
  readonly tenants: readonly TenantOverview[];
  /** How many there are that are like what was looked for. */
  readonly found: number;
  readonly all: number;
}

/** As many as one statement looks at. */
const listed = 100;
/** A tenant's page asks every two seconds, and so often nobody asks the application for its tenants. */
const knownForMs = 5_000;

/** The histories that a dashboard shows: that of `BackstoryModule`, those of tenants, or both. */
export class DashboardHistories {
  private readonly works = new WeakMap<Backstory, DashboardWork>();
  private readonly turns: Turns = { last: Promise.resolve() };
  private known: { readonly at: number; readonly names: ReadonlySet<string> } | undefined;

  constructor(
    private readonly own: Backstory | undefined,
    private readonly tenants: TenantBackstories | undefined,
  ) {}

  /** What there is to look at. */
  get kinds(): { readonly own: boolean; readonly tenants: boolean } {
    return { own: this.own !== undefined, tenants: this.tenants !== undefined };
  }

  /**
   * The one that a request is about: that of the tenant in its address, or without one that of `BackstoryModule`. Opens a tenant that isn't open.
   * @throws InvalidOptionsError; BackstoryError UNKNOWN_TENANT for a schema that isn't one, and what `tenants.of()` throws
   */
  async of({ query }: DashboardRequest): Promise<DashboardHistory> {
    const tenant = query?.tenant;
    const backstory = tenant === undefined ? this.ownOne() : await this.ofTenant(tenant);
    const work = this.works.get(backstory) ?? new DashboardWork(backstory, this.turns);
    this.works.set(backstory, work);
    return { backstory, work };
  }

  /** Tenants by name, those in whose name `wanted` is. Opens none. */
  async list(wanted: string): Promise<TenantList> {
    if (!this.tenants) return { tenants: [], found: 0, all: 0 };
    const names = [...(await this.names(this.tenants))].sort((one, other) => one.localeCompare(other));
    const text = wanted.trim().toLowerCase();
    const found = names.filter((name) => name.toLowerCase().includes(text));
    const tenants = await this.tenants.overview(found.slice(0, listed));
    return { tenants, found: found.length, all: names.length };
  }

  private ownOne(): Backstory {
    if (this.own) return this.own;
    throw new InvalidOptionsError(
      'Each tenant has a history of its own here.',
      'Say of which: give its name as "tenant".',
    );
  }

  private async ofTenant(tenant: unknown): Promise<Backstory> {
    const { tenants } = this;
    if (tenants && typeof tenant === 'string') {
      const { at = 0, names = new Set() } = this.known ?? {};
      const isKnown = names.has(tenant) && Date.now() - at < knownForMs;
      // any other schema would be captured as soon as it is opened
      if (isKnown || (await this.names(tenants)).has(tenant)) return tenants.of(tenant);
    }
    throw new BackstoryError(
      'UNKNOWN_TENANT',
      `There is no tenant "${String(tenant)}" here.`,
      'Choose one of those that the dashboard lists.',
    );
  }

  private async names(tenants: TenantBackstories): Promise<ReadonlySet<string>> {
    const names = new Set(await tenants.names());
    this.known = { at: Date.now(), names };
    return names;
  }
}
