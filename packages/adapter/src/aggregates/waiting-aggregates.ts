import type { DataSource } from 'typeorm';
import type { SqlExecutor } from '../database/index.js';
import { type BackstoryError, InvalidOptionsError } from '../errors.js';
import type { BackstoryLogger, BackstoryOptions } from '../options/index.js';
import { hasPendingMigrations } from '../connections/index.js';

/** Whether a start goes on without what can't be captured yet: only tables and columns that may still come are waited for. */
export async function mayWait(
  dataSource: DataSource,
  sql: SqlExecutor,
  { missingTables }: BackstoryOptions,
  problems: readonly BackstoryError[],
): Promise<boolean> {
  if (missingTables !== undefined && missingTables !== 'wait' && missingTables !== 'refuse') {
    throw new InvalidOptionsError(
      `missingTables: "${String(missingTables)}" is unknown.`,
      "Use 'wait' or 'refuse'.",
    );
  }
  if (!problems.every(({ code }) => code === 'MISSING_TABLE')) return false;
  return missingTables === undefined ? hasPendingMigrations(dataSource, sql) : missingTables === 'wait';
}

/** Entities whose tables aren't there yet. */
export class WaitingAggregates {
  constructor(
    private problems: readonly BackstoryError[],
    private readonly logger: BackstoryLogger,
  ) {}

  get isOver(): boolean {
    return this.problems.length === 0;
  }

  now(problems: readonly BackstoryError[]): void {
    this.problems = problems;
  }

  say(): void {
    if (this.isOver) return;
    const list = this.problems.map(({ message }) => `\n  - ${message.split('\n')[0] ?? ''}`);
    this.logger.warn(
      `Not captured yet, until the application's migrations have run or backstory.install() is called:${list.join('')}`,
    );
  }
}
