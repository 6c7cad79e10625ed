import { Body, Inject, NotFoundException, Param, Post, Req, Res } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { DashboardAnswer, type DashboardRequest } from './dashboard-answer.js';
import { dashboardChanges } from './dashboard-changes.js';
import { DashboardHistories } from './dashboard-histories.js';
import { DashboardVisitor, type Visitor } from './dashboard-visitor.decorator.js';

/** What can be changed. The guard has seen to it that the visitor may. */
export class DashboardChangesController {
  constructor(
    @Inject(DashboardHistories) private readonly histories: DashboardHistories,
    @Inject(HttpAdapterHost) private readonly http: HttpAdapterHost,
  ) {}

  @Post('api/:change')
  async change(
    @Param('change') name: string,
    @Body() body: unknown,
    @DashboardVisitor() visitor: Visitor,
    @Req() request: DashboardRequest,
    @Res() response: unknown,
  ): Promise<void> {
    const make = dashboardChanges.get(name);
    if (!make) throw new NotFoundException();
    const by = visitor.actor();
    await new DashboardAnswer(this.http.httpAdapter, request, response).json(async () =>
      make(body, { ...(await this.histories.of(request)), by }),
    );
  }
}
