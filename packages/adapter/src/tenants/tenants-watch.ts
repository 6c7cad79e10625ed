import { RepeatedLook, type StageWatch } from '../stages/index.js';
import type { RegisteredHistory, TenantRegistry } from './tenant-registry.js';

/** Histories that are read anew at the same time. */
const atOnce = 3;

/**
 * Looks for changes of all tenants at once, and has those read anew whose histories have changed: one query each time, however
 * many tenants there are.
 */
export class TenantsWatch {
  private readonly members = new Map<string, StageWatch>();
  private versions = new Map<string, string>();
  private partitions: string | undefined;
  private readonly looks: RepeatedLook;

  constructor(
    private readonly registry: TenantRegistry,
    intervalMs: number,
    onError: (error: unknown) => void,
    /** Told of a history that the registry doesn't have any more. */
    private readonly onGone: (history: string) => void,
  ) {
    this.looks = new RepeatedLook(intervalMs, () => this.look(), onError);
  }

  /** `version` is of before its stages were read for the first time. */
  add(history: string, version: string, stages: StageWatch): void {
    this.members.set(history, stages);
    this.versions.set(history, version);
    this.looks.start();
  }

  delete(history: string): void {
    this.members.delete(history);
    this.versions.delete(history);
  }

  stop(): Promise<void> {
    return this.looks.stop();
  }

  private async look(): Promise<void> {
    const { histories, partitions } = await this.registry.read();
    const known = new Map(histories.map((history) => [history.schema, history]));
    const moved = this.partitions !== undefined && this.partitions !== partitions;
    const due: (() => Promise<void>)[] = [];
    for (const [schema, stages] of this.members) {
      const now = known.get(schema);
      if (!now) this.onGone(schema);
      else if (this.versions.get(schema) !== now.version || (moved && stages.isReading))
        due.push(() => this.refresh(now, stages));
    }
    // a deployment may have changed all of them
    for (let at = 0; at < due.length; at += atOnce)
      await Promise.all(due.slice(at, at + atOnce).map((refresh) => refresh()));
    this.partitions = partitions;
  }

  /** One that can't be read is tried again the next time, and keeps no other from being read. */
  private async refresh({ schema, version }: RegisteredHistory, stages: StageWatch): Promise<void> {
    try {
      await stages.refresh();
      this.versions.set(schema, version);
    } catch (error) {
      this.looks.fail(error);
    }
  }
}
