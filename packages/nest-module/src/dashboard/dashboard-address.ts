import 'reflect-metadata';
import { Inject, Injectable } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { DASHBOARD_PATH } from './dashboard.tokens.js';

/** Where the dashboard is, once the application has said its global prefix. */
@Injectable()
export class DashboardAddress {
  constructor(
    @Inject(DASHBOARD_PATH) private readonly path: string,
    @Inject(ApplicationConfig) private readonly config: ApplicationConfig,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(HttpAdapterHost) private readonly http: Partial<HttpAdapterHost>,
  ) {}

  /** The path from the root of the server; undefined in an application without one, where nobody can reach it. */
  pathOnServer(): string | undefined {
    if (!this.http.httpAdapter) return undefined;
    const own = joined(this.pathOfModule(), this.path);
    const { exclude = [] } = this.config.getGlobalPrefixOptions();
    const isExcluded = exclude.some(({ pathRegex }) => pathRegex.test(own));
    return isExcluded ? own : joined(this.config.getGlobalPrefix(), own);
  }

  /** What RouterModule of the application says of the dashboard's module, under a key of Nest's. */
  private pathOfModule(): string {
    const own = [...this.modules.values()].find(
      ({ providers }) => providers.get(DashboardAddress)?.instance === this,
    );
    const key = `__module_path__${this.modules.applicationId}`;
    return (own && (Reflect.getMetadata(key, own.metatype) as string | undefined)) ?? '';
  }
}

function joined(...parts: readonly string[]): string {
  const segments = parts.flatMap((part) => part.split('/')).filter((segment) => segment !== '');
  return `/${segments.join('/')}`;
}
