import { InvalidOptionsError } from '@backstory/adapter';
import { type CanActivate, type ExecutionContext, Injectable, mixin, type Type } from '@nestjs/common';
import { AnsweredException } from './answered.exception.js';
import { FailedAttempts } from './failed-attempts.js';
import { requireSecret } from './require-secret.js';
import { sameSecret } from './same-secret.js';
import { hasSecretCookie, secretCookie } from './secret-cookie.js';
import { signInPage } from './plain-page.js';

export interface SharedSecretOptions {
  /** 12 characters at least. Another one signs everybody out. */
  secret: string;
  /** How long somebody stays signed in. @defaultValue 12 */
  hours?: number;
  /**
   * Whether the cookie is sent over TLS only. Browsers keep it on `localhost` also without.
   * @defaultValue true, but where NODE_ENV is "development"
   */
  secure?: boolean;
}

interface SignInRequest {
  readonly method: string;
  readonly url: string;
  readonly originalUrl?: string;
  readonly ip?: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
}

/**
 * A guard for `BackstoryDashboardModule` that shows a form for a secret, and keeps a cookie (HttpOnly, SameSite=Strict, signed). Who knows the secret is the
 * same user as everybody else; to tell people apart, use the application's own guard. Wrong secrets of an address are answered ever later, up to five
 * seconds. Nothing is logged.
 * @throws InvalidOptionsError for a secret that is missing or short
 * @example
 * BackstoryDashboardModule.forRoot({ guards: [sharedSecret({ secret: process.env.DASHBOARD_SECRET! })] })
 */
export function sharedSecret({ secret, hours = 12, secure }: SharedSecretOptions): Type<CanActivate> {
  requireSecret('secret', secret);
  if (!(hours > 0 && hours <= 24 * 365))
    throw new InvalidOptionsError(`hours: ${hours} is no time.`, 'Use a number above 0, up to a year.');
  const isSecure = secure ?? process.env.NODE_ENV !== 'development';
  const attempts = new FailedAttempts();

  @Injectable()
  class SharedSecretGuard implements CanActivate {
    async canActivate(execution: ExecutionContext): Promise<boolean> {
      const request = execution.switchToHttp().getRequest<SignInRequest>();
      const { method, headers, body, ip = '' } = request;
      const [path = ''] = (request.originalUrl ?? request.url).split('?');
      const isPage = execution.getHandler().name === (method === 'POST' ? 'signIn' : 'page');
      if (method === 'POST' && isPage) {
        const site = headers['sec-fetch-site'];
        if (site !== undefined && site !== 'same-origin') throw asked(403, 'Sign in on this page.');
        attempts.requireTurn(ip);
        const given = (body as { secret?: unknown } | undefined)?.secret;
        if (typeof given !== 'string' || !sameSecret(given, secret)) {
          await attempts.delay(ip);
          throw asked(401, 'That is not the secret.');
        }
        throw new AnsweredException(303, 'Signed in.', {
          headers: {
            // relative, so that it doesn't matter what a proxy puts in front
            Location: path.endsWith('/') ? './' : path.slice(path.lastIndexOf('/') + 1),
            'Set-Cookie': secretCookie(secret, hours, isSecure),
          },
        });
      }
      if (hasSecretCookie(secret, headers.cookie)) return true;
      throw isPage ? asked(401) : new AnsweredException(401, 'Sign in on the page of the dashboard.', {});
    }
  }
  return mixin(SharedSecretGuard);
}

function asked(status: number, problem = ''): AnsweredException {
  return new AnsweredException(status, problem || 'The dashboard asks for its secret.', {
    page: signInPage(problem),
  });
}
