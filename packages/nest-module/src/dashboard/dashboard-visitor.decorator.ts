import { currentContext } from '@backstory/adapter';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { DashboardOptions } from './dashboard-options.js';

/** Who has come to the dashboard. */
export interface Visitor {
  /** May change something. */
  readonly changes: boolean;
  /** As whom a change is recorded. */
  actor(): string;
}

const visitors = new WeakMap<object, Visitor>();

/** What the guard has found out of a request, for its handler. */
export function rememberVisitor(
  execution: ExecutionContext,
  { actor }: Pick<DashboardOptions, 'actor'>,
  changes: boolean,
): void {
  visitors.set(execution.switchToHttp().getRequest<object>(), {
    changes,
    // asked in the handler: only there the application's own context is known
    actor: () => (actor?.(execution) ?? currentContext()?.actor) || 'dashboard',
  });
}

export const DashboardVisitor = createParamDecorator((_: unknown, execution: ExecutionContext) =>
  visitors.get(execution.switchToHttp().getRequest<object>()),
);
