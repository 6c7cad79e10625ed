import {
  type CanActivate,
  type ExecutionContext,
  ForbiddenException,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { DashboardAddress } from './dashboard-address.js';
import { DASHBOARD_GUARDED, DASHBOARD_OPTIONS } from './dashboard.tokens.js';
import type { DashboardOptions } from './dashboard-options.js';
import { rememberVisitor } from './dashboard-visitor.decorator.js';

interface HttpRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/**
 * The last guard of every route: closed by default, and closed for changes in particular. A change needs a header that no form and no
 * other site's script can send without a preflight, which nobody answers.
 */
@Injectable()
export class DashboardAccess implements CanActivate, OnApplicationBootstrap {
  constructor(
    @Inject(DASHBOARD_OPTIONS) private readonly options: DashboardOptions,
    @Inject(DASHBOARD_GUARDED) private readonly guarded: boolean,
    @Inject(DashboardAddress) private readonly address: DashboardAddress,
  ) {}

  onApplicationBootstrap(): void {
    const path = this.address.pathOnServer();
    if (path === undefined) return;
    const logger = new Logger('Backstory');
    if (this.isOpen()) return logger.log(`Dashboard at ${path}`);
    logger.warn(
      `Nobody can see the dashboard at ${path}: outside of development it needs "guards" or "authorize" (NODE_ENV is ` +
        `${process.env.NODE_ENV === undefined ? 'not set' : `"${process.env.NODE_ENV}"`}).`,
    );
  }

  async canActivate(execution: ExecutionContext): Promise<boolean> {
    const { authorize, allowChanges = false } = this.options;
    if (!this.isOpen()) {
      throw new ForbiddenException(
        'The dashboard is closed outside of development until BackstoryDashboardModule is given "guards" or "authorize".',
      );
    }
    if (authorize && (await authorize(execution)) !== true) return false;
    const changes =
      typeof allowChanges === 'function' ? (await allowChanges(execution)) === true : allowChanges;
    const request = execution.switchToHttp().getRequest<HttpRequest>();
    if (request.method !== 'GET' && request.method !== 'HEAD') requireOwnPage(request, changes);
    rememberVisitor(execution, this.options, changes);
    return true;
  }

  private isOpen(): boolean {
    return this.guarded || this.options.authorize !== undefined || process.env.NODE_ENV === 'development';
  }
}

function requireOwnPage({ headers }: HttpRequest, changes: boolean): void {
  const site = headers['sec-fetch-site'];
  if (headers['x-backstory-dashboard'] === undefined || (site !== undefined && site !== 'same-origin')) {
    throw new ForbiddenException(
      'A change has to come from the dashboard’s own page, with the header x-backstory-dashboard.',
    );
  }
  if (!changes) {
    throw new ForbiddenException(
      'Changes are not allowed here: see "allowChanges" of BackstoryDashboardModule.',
    );
  }
}
