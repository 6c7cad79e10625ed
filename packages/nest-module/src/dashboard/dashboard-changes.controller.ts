import { Backstory, InvalidOptionsError, type Stage } from '@backstory/adapter';
import { Body, Inject, Post, Req, Res } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { DASHBOARD_BACKSTORY } from './dashboard.tokens.js';
import { DashboardAnswer, type DashboardRequest } from './dashboard-answer.js';
import { DashboardVisitor, type Visitor } from './dashboard-visitor.decorator.js';
import { DashboardWork } from './dashboard-work.js';

type Wish = Readonly<Record<string, unknown>> | undefined;

/** What can be changed. The guard has seen to it that the visitor may; nothing here goes past the conditions of a stage. */
export class DashboardChangesController {
  constructor(
    @Inject(DASHBOARD_BACKSTORY) private readonly backstory: Backstory,
    @Inject(DashboardWork) private readonly work: DashboardWork,
    @Inject(HttpAdapterHost) private readonly http: HttpAdapterHost,
  ) {}

  @Post('api/stage')
  stage(
    @Body() wish: Wish,
    @DashboardVisitor() visitor: Visitor,
    @Req() request: DashboardRequest,
    @Res() response: unknown,
  ): Promise<void> {
    return this.answer(request, response, () =>
      this.backstory.stages.set(text(wish, 'aggregate'), text(wish, 'to') as Stage, {
        by: visitor.actor(),
        reason: text(wish, 'reason'),
        ...(typeof wish?.percent === 'number' && { percent: wish.percent }),
      }),
    );
  }

  @Post('api/verify')
  verify(
    @Body() wish: Wish,
    @DashboardVisitor() visitor: Visitor,
    @Req() request: DashboardRequest,
    @Res() response: unknown,
  ): Promise<void> {
    return this.answer(request, response, async () =>
      this.work.verify(await this.category(wish), visitor.actor()),
    );
  }

  @Post('api/repair')
  repair(
    @Body() wish: Wish,
    @DashboardVisitor() visitor: Visitor,
    @Req() request: DashboardRequest,
    @Res() response: unknown,
  ): Promise<void> {
    return this.answer(request, response, async () =>
      this.work.repair(await this.category(wish), visitor.actor(), text(wish, 'reason')),
    );
  }

  @Post('api/retry')
  retry(
    @Body() wish: Wish,
    @DashboardVisitor() visitor: Visitor,
    @Req() request: DashboardRequest,
    @Res() response: unknown,
  ): Promise<void> {
    return this.answer(request, response, async () => {
      const consumer = text(wish, 'consumer');
      const request = { by: visitor.actor() };
      const events = await this.backstory.consumers.retryParked(consumer, streamOf(wish), request);
      return { events: events.length };
    });
  }

  @Post('api/discard')
  discard(
    @Body() wish: Wish,
    @DashboardVisitor() visitor: Visitor,
    @Req() request: DashboardRequest,
    @Res() response: unknown,
  ): Promise<void> {
    return this.answer(request, response, async () => {
      const decision = { reason: text(wish, 'reason'), by: visitor.actor() };
      const selection = { category: text(wish, 'category'), streamId: text(wish, 'streamId') };
      const events = await this.backstory.consumers.discardParked(
        text(wish, 'consumer'),
        selection,
        decision,
      );
      return { events: events.length };
    });
  }

  /** What would be erased of a stream, and with a reason, erases it. */
  @Post('api/erase')
  erase(
    @Body() wish: Wish,
    @DashboardVisitor() visitor: Visitor,
    @Req() request: DashboardRequest,
    @Res() response: unknown,
  ): Promise<void> {
    return this.answer(request, response, () =>
      this.backstory.erase(text(wish, 'aggregate'), text(wish, 'id'), {
        ...(wish?.dryRun === true ? { dryRun: true } : { reason: text(wish, 'reason') }),
        by: visitor.actor(),
      }),
    );
  }

  /** @throws UnknownAggregateError */
  private async category(wish: Wish): Promise<string> {
    const [step] = await this.backstory.stages.nextSteps([text(wish, 'aggregate')]);
    return (step as NonNullable<typeof step>).category;
  }

  private answer(request: DashboardRequest, response: unknown, change: () => unknown): Promise<void> {
    return new DashboardAnswer(this.http.httpAdapter, request, response).json(change);
  }
}

function streamOf(wish: Wish): { category?: string; streamId?: string } {
  if (wish?.streamId === undefined) return {};
  return { category: text(wish, 'category'), streamId: text(wish, 'streamId') };
}

function text(wish: Wish, name: string): string {
  const value = wish?.[name];
  if (typeof value === 'string' && value.trim() !== '' && value.length <= 2_000) return value;
  throw new InvalidOptionsError(`"${name}" is missing.`, 'Give it as text of up to 2000 characters.');
}
