import { Backstory, InvalidOptionsError, type Stage } from '@backstory/adapter';
import { Body, Inject, Post, Req, Res } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { DASHBOARD_BACKSTORY } from './dashboard.tokens.js';
import { DashboardAnswer, type DashboardRequest } from './dashboard-answer.js';
import { DashboardVisitor, type Visitor } from './dashboard-visitor.decorator.js';
import { DashboardWork } from './dashboard-work.js';
import { given } from './given.js';
import { readWish } from './read-wish.js';

/** What can be changed. The guard has seen to it that the visitor may; nothing here goes past the conditions of a stage. */
export class DashboardChangesController {
  constructor(
    @Inject(DASHBOARD_BACKSTORY) private readonly backstory: Backstory,
    @Inject(DashboardWork) private readonly work: DashboardWork,
    @Inject(HttpAdapterHost) private readonly http: HttpAdapterHost,
  ) {}

  @Post('api/stage')
  stage(
    @Body() body: unknown,
    @DashboardVisitor() visitor: Visitor,
    @Req() request: DashboardRequest,
    @Res() response: unknown,
  ): Promise<void> {
    return this.answer(request, response, () => {
      const { aggregate, to, reason, percent } = readWish(body, {
        aggregate: 'text',
        to: 'text',
        reason: 'text',
        percent: 'number?',
      });
      return this.backstory.stages.set(aggregate, to as Stage, {
        by: visitor.actor(),
        reason,
        ...(percent !== undefined && { percent }),
      });
    });
  }

  /** Several at once: those that can move do, and the others say what stands against it. */
  @Post('api/stages')
  stages(
    @Body() body: unknown,
    @DashboardVisitor() visitor: Visitor,
    @Req() request: DashboardRequest,
    @Res() response: unknown,
  ): Promise<void> {
    return this.answer(request, response, () => {
      const { aggregates, to, reason, percent } = readWish(body, {
        aggregates: 'texts',
        to: 'text',
        reason: 'text',
        percent: 'number?',
      });
      return this.backstory.stages.setAll(to as Stage, {
        aggregates,
        by: visitor.actor(),
        reason,
        ...given({ percent }),
      });
    });
  }

  /** Several verifies or backfills, one after the other. */
  @Post('api/work')
  several(
    @Body() body: unknown,
    @DashboardVisitor() visitor: Visitor,
    @Req() request: DashboardRequest,
    @Res() response: unknown,
  ): Promise<void> {
    return this.answer(request, response, async () => {
      const { kind, aggregates } = readWish(body, { kind: 'text', aggregates: 'texts' });
      if (kind !== 'verify' && kind !== 'backfill')
        throw new InvalidOptionsError(`"kind" is "${kind}".`, 'Give it as "verify" or "backfill".');
      const steps = await this.backstory.stages.nextSteps([...aggregates]);
      const categories = [...new Set(steps.map(({ category }) => category))];
      this.work.inTurn(kind, categories, visitor.actor());
      return { aggregates: categories.length };
    });
  }

  @Post('api/verify')
  verify(
    @Body() body: unknown,
    @DashboardVisitor() visitor: Visitor,
    @Req() request: DashboardRequest,
    @Res() response: unknown,
  ): Promise<void> {
    return this.answer(request, response, async () => {
      const { aggregate } = readWish(body, { aggregate: 'text' });
      return this.work.verify(await this.category(aggregate), visitor.actor());
    });
  }

  /** What a repair would write, and with a reason, repairs. */
  @Post('api/repair')
  repair(
    @Body() body: unknown,
    @DashboardVisitor() visitor: Visitor,
    @Req() request: DashboardRequest,
    @Res() response: unknown,
  ): Promise<void> {
    return this.answer(request, response, async () => {
      const { aggregate, dryRun, reason } = readWish(body, {
        aggregate: 'text',
        dryRun: 'boolean?',
        reason: 'text?',
      });
      const category = await this.category(aggregate);
      if (dryRun === true) return this.work.previewRepair(category);
      if (reason === undefined) throw missing('reason');
      return this.work.repair(category, visitor.actor(), reason);
    });
  }

  @Post('api/backfill')
  backfill(
    @Body() body: unknown,
    @DashboardVisitor() visitor: Visitor,
    @Req() request: DashboardRequest,
    @Res() response: unknown,
  ): Promise<void> {
    return this.answer(request, response, async () => {
      const { aggregate } = readWish(body, { aggregate: 'text' });
      return this.work.backfill(await this.category(aggregate), visitor.actor());
    });
  }

  @Post('api/retry')
  retry(
    @Body() body: unknown,
    @DashboardVisitor() visitor: Visitor,
    @Req() request: DashboardRequest,
    @Res() response: unknown,
  ): Promise<void> {
    return this.answer(request, response, async () => {
      const { consumer, ...selection } = readWish(body, {
        consumer: 'text',
        category: 'text?',
        streamId: 'text?',
      });
      if (selection.streamId !== undefined && selection.category === undefined) throw missing('category');
      const by = { by: visitor.actor() };
      const events = await this.backstory.consumers.retryParked(consumer, given(selection), by);
      return { events: events.length };
    });
  }

  @Post('api/discard')
  discard(
    @Body() body: unknown,
    @DashboardVisitor() visitor: Visitor,
    @Req() request: DashboardRequest,
    @Res() response: unknown,
  ): Promise<void> {
    return this.answer(request, response, async () => {
      const { consumer, reason, ...selection } = readWish(body, {
        consumer: 'text',
        category: 'text',
        streamId: 'text',
        reason: 'text',
      });
      const decision = { reason, by: visitor.actor() };
      const events = await this.backstory.consumers.discardParked(consumer, selection, decision);
      return { events: events.length };
    });
  }

  /** What would be erased of a stream, or of some of its properties, and with a reason, erases it. */
  @Post('api/erase')
  erase(
    @Body() body: unknown,
    @DashboardVisitor() visitor: Visitor,
    @Req() request: DashboardRequest,
    @Res() response: unknown,
  ): Promise<void> {
    return this.answer(request, response, () => {
      const { aggregate, id, ...wish } = readWish(body, {
        aggregate: 'text',
        id: 'text',
        properties: 'texts?',
        dryRun: 'boolean?',
        reason: 'text?',
      });
      if (wish.dryRun !== true && wish.reason === undefined) throw missing('reason');
      return this.backstory.erase(aggregate, id, { ...given(wish), by: visitor.actor() });
    });
  }

  /** @throws UnknownAggregateError */
  private async category(aggregate: string): Promise<string> {
    const [step] = await this.backstory.stages.nextSteps([aggregate]);
    return (step as NonNullable<typeof step>).category;
  }

  private answer(request: DashboardRequest, response: unknown, change: () => unknown): Promise<void> {
    return new DashboardAnswer(this.http.httpAdapter, request, response).json(change);
  }
}

function missing(name: string): InvalidOptionsError {
  return new InvalidOptionsError(`"${name}" is missing.`, 'Give it as text of up to 2000 characters.');
}
