import { Backstory } from '@backstory/adapter';
import { Body, Inject, NotFoundException, Param, Post, Req, Res } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { DASHBOARD_BACKSTORY } from './dashboard.tokens.js';
import { DashboardAnswer, type DashboardRequest } from './dashboard-answer.js';
import { dashboardChanges } from './dashboard-changes.js';
import { DashboardVisitor, type Visitor } from './dashboard-visitor.decorator.js';
import { DashboardWork } from './dashboard-work.js';

/** What can be changed. The guard has seen to it that the visitor may. */
export class DashboardChangesController {
  constructor(
    @Inject(DASHBOARD_BACKSTORY) private readonly backstory: Backstory,
    @Inject(DashboardWork) private readonly work: DashboardWork,
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
    const { backstory, work } = this;
    await new DashboardAnswer(this.http.httpAdapter, request, response).json(() =>
      make(body, { backstory, work, by: visitor.actor() }),
    );
  }
}
