import {
  type CanActivate,
  type ExecutionContext,
  Inject,
  Injectable,
  mixin,
  type Type,
  UnauthorizedException,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { FailedAttempts } from './failed-attempts.js';
import { requireSecret } from './require-secret.js';
import { sameSecret } from './same-secret.js';

export interface BasicAuthenticationOptions {
  /** @defaultValue 'backstory' */
  user?: string;
  /** 12 characters at least. */
  password: string;
}

/**
 * A guard for `BackstoryDashboardModule` that asks for a name and a password by HTTP Basic authentication, which browsers send by themselves. Behind TLS
 * only: each request has the password in it. Who knows it is the same user as everybody else; to tell people apart, use the application's own guard.
 * Wrong passwords of an address are answered ever later, up to five seconds. Nothing is logged.
 * @throws InvalidOptionsError for a password that is missing or short
 * @example
 * BackstoryDashboardModule.forRoot({ guards: [basicAuthentication({ password: process.env.DASHBOARD_PASSWORD! })] })
 */
export function basicAuthentication({
  user = 'backstory',
  password,
}: BasicAuthenticationOptions): Type<CanActivate> {
  requireSecret('password', password);
  const expected = `${user}:${password}`;
  const attempts = new FailedAttempts();

  @Injectable()
  class BasicAuthenticationGuard implements CanActivate {
    constructor(@Inject(HttpAdapterHost) private readonly http: HttpAdapterHost) {}

    async canActivate(execution: ExecutionContext): Promise<boolean> {
      const { headers, ip = '' } = execution
        .switchToHttp()
        .getRequest<{ headers: { authorization?: string }; ip?: string }>();
      const [, given] = headers.authorization?.match(/^basic +([\w+/=-]+) *$/i) ?? [];
      if (given !== undefined) {
        attempts.requireTurn(ip);
        if (sameSecret(Buffer.from(given, 'base64').toString(), expected)) return true;
        await attempts.delay(ip);
      }
      const response: unknown = execution.switchToHttp().getResponse();
      const realm = 'Basic realm="Backstory dashboard", charset="UTF-8"';
      this.http.httpAdapter.setHeader(response, 'WWW-Authenticate', realm);
      throw new UnauthorizedException('The dashboard asks for a name and a password.');
    }
  }
  return mixin(BasicAuthenticationGuard);
}
