import { HttpException } from '@nestjs/common';

/** Ends a request with an answer of a guard's own: a page, or where somebody is sent to. */
export class AnsweredException extends HttpException {
  constructor(
    status: number,
    message: string,
    readonly answer: { readonly page?: string; readonly headers?: Readonly<Record<string, string>> },
  ) {
    super(message, status);
  }
}
