import { type ArgumentsHost, Catch, type ExceptionFilter, ForbiddenException, Inject } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { AnsweredException } from './answered.exception.js';
import { plainPagePolicy, refusedPage } from './plain-page.js';

/** A browser that asks for a page is refused with one, and a script with JSON. What guards throw beside that is the application's to answer. */
@Catch(ForbiddenException, AnsweredException)
export class RefusalFilter implements ExceptionFilter<ForbiddenException | AnsweredException> {
  constructor(@Inject(HttpAdapterHost) private readonly http: HttpAdapterHost) {}

  catch(exception: ForbiddenException | AnsweredException, host: ArgumentsHost): void {
    const { headers } = host.switchToHttp().getRequest<{ headers: { accept?: string } }>();
    const response: unknown = host.switchToHttp().getResponse();
    const answer = exception instanceof AnsweredException ? exception.answer : {};
    const { httpAdapter } = this.http;
    const isPage = answer.page !== undefined || /\btext\/html\b/.test(headers.accept ?? '');
    const all = {
      ...answer.headers,
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
      ...(isPage && { 'Content-Security-Policy': plainPagePolicy, 'X-Frame-Options': 'DENY' }),
      'Content-Type': `${isPage ? 'text/html' : 'application/json'}; charset=utf-8`,
    };
    for (const [name, value] of Object.entries(all)) httpAdapter.setHeader(response, name, value);
    const body = isPage
      ? (answer.page ?? refusedPage(wordsOf(exception)))
      : JSON.stringify(bodyOf(exception));
    httpAdapter.reply(response, body, exception.getStatus());
  }
}

function bodyOf(exception: ForbiddenException | AnsweredException): object {
  const body = exception.getResponse();
  return typeof body === 'string' ? { statusCode: exception.getStatus(), message: body } : body;
}

/** What Nest says where a guard has returned false tells a reader nothing. */
function wordsOf({ message }: Error): string {
  return message === 'Forbidden resource'
    ? 'You may not see this page. Whoever runs the application decides who may.'
    : message;
}
