import { InvalidOptionsError } from '@backstory/adapter';
import { Get, Inject, NotFoundException, Param, Post, Query, Req, Res } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { DASHBOARD_OPTIONS } from './dashboard.tokens.js';
import { DashboardAnswer, type DashboardRequest } from './dashboard-answer.js';
import { DashboardHistories, type DashboardHistory } from './dashboard-histories.js';
import type { DashboardOptions } from './dashboard-options.js';
import { dashboardFiles, dashboardPage } from './dashboard-page.js';
import { DashboardVisitor, type Visitor } from './dashboard-visitor.decorator.js';
import { given } from './given.js';
import { readWish } from './read-wish.js';

type Parameters = Readonly<Record<string, string | undefined>>;

/** The page, what it loads, and what it asks. Ids are parameters of the query: some proxies decode what is in a path. */
export class DashboardController {
  constructor(
    @Inject(DashboardHistories) private readonly histories: DashboardHistories,
    @Inject(DASHBOARD_OPTIONS) private readonly options: DashboardOptions,
    @Inject(HttpAdapterHost) private readonly http: HttpAdapterHost,
  ) {}

  @Get()
  page(@Req() request: DashboardRequest, @Res() response: unknown): void {
    this.answer(request, response).file(
      'text/html',
      dashboardPage(this.title, request, this.histories.kinds),
    );
  }

  /** A guard that has a form answers here; without one there is nothing to sign in to. */
  @Post()
  signIn(): never {
    throw new NotFoundException();
  }

  @Get('assets/:file')
  asset(@Param('file') name: string, @Req() request: DashboardRequest, @Res() response: unknown): void {
    const file = dashboardFiles.get(name);
    if (!file) throw new NotFoundException();
    this.answer(request, response).file(file.type, file.content);
  }

  @Get('api/session')
  session(
    @DashboardVisitor() visitor: Visitor,
    @Req() request: DashboardRequest,
    @Res() response: unknown,
  ): Promise<void> {
    return this.answer(request, response).json(() => ({
      title: this.title,
      changes: visitor.changes,
      actor: visitor.actor(),
    }));
  }

  @Get('api/tenants')
  tenants(
    @Query() { find }: Parameters,
    @Req() request: DashboardRequest,
    @Res() response: unknown,
  ): Promise<void> {
    return this.answer(request, response).json(() => this.histories.list(find ?? ''));
  }

  @Get('api/overview')
  overview(@Req() request: DashboardRequest, @Res() response: unknown): Promise<void> {
    return this.json(request, response, ({ backstory }) => backstory.admin.overview());
  }

  @Get('api/aggregate')
  aggregate(
    @Query() { name, hours }: Parameters,
    @Req() request: DashboardRequest,
    @Res() response: unknown,
  ): Promise<void> {
    return this.json(request, response, async ({ backstory, work }) => {
      const report = await backstory.admin.aggregate(required(name, 'name'), hours ? Number(hours) : null);
      return { ...report, work: work.of(report.status.category) };
    });
  }

  @Get('api/streams')
  streams(
    @Query() { id = '', aggregate }: Parameters,
    @Req() request: DashboardRequest,
    @Res() response: unknown,
  ): Promise<void> {
    return this.json(request, response, ({ backstory }) =>
      backstory.admin.findStreams(id, aggregate || undefined),
    );
  }

  @Get('api/stream')
  stream(
    @Query() { aggregate, id, before }: Parameters,
    @Req() request: DashboardRequest,
    @Res() response: unknown,
  ): Promise<void> {
    return this.json(request, response, ({ backstory }) =>
      backstory.admin.stream(
        required(aggregate, 'aggregate'),
        required(id, 'id'),
        before ? Number(before) : undefined,
      ),
    );
  }

  @Get('api/events')
  events(
    @Query() query: Parameters,
    @Req() request: DashboardRequest,
    @Res() response: unknown,
  ): Promise<void> {
    return this.json(request, response, ({ backstory }) => {
      const { from, to, ...search } = readWish(ofHistory(query), {
        category: 'text?',
        type: 'text?',
        actor: 'text?',
        correlationId: 'text?',
        streamId: 'text?',
        from: 'text?',
        to: 'text?',
        before: 'text?',
        after: 'text?',
      });
      return backstory.admin.events({
        ...given(search),
        ...(from !== undefined && { from: new Date(from) }),
        ...(to !== undefined && { to: new Date(to) }),
      });
    });
  }

  @Get('api/event')
  event(
    @Query() query: Parameters,
    @Req() request: DashboardRequest,
    @Res() response: unknown,
  ): Promise<void> {
    return this.json(request, response, ({ backstory }) =>
      backstory.admin.event(readWish(ofHistory(query), { position: 'text' }).position),
    );
  }

  @Get('api/correlation')
  correlation(
    @Query() query: Parameters,
    @Req() request: DashboardRequest,
    @Res() response: unknown,
  ): Promise<void> {
    return this.json(request, response, ({ backstory }) => {
      const { id, around, look } = readWish(ofHistory(query), { id: 'text', around: 'text?', look: 'text?' });
      return backstory.admin.correlation(
        id,
        given({ around, look: look === undefined ? undefined : Number(look) }),
      );
    });
  }

  @Get('api/drift')
  drift(
    @Query() query: Parameters,
    @Req() request: DashboardRequest,
    @Res() response: unknown,
  ): Promise<void> {
    return this.json(request, response, ({ backstory }) =>
      backstory.admin.drift(readWish(ofHistory(query), { name: 'text' }).name),
    );
  }

  @Get('api/state')
  state(
    @Query() { aggregate, id, version }: Parameters,
    @Req() request: DashboardRequest,
    @Res() response: unknown,
  ): Promise<void> {
    return this.json(request, response, ({ backstory }) =>
      backstory.admin.stateAt(required(aggregate, 'aggregate'), required(id, 'id'), Number(version)),
    );
  }

  @Get('api/differences')
  differences(
    @Query() { aggregate, id, from, to }: Parameters,
    @Req() request: DashboardRequest,
    @Res() response: unknown,
  ): Promise<void> {
    return this.json(request, response, ({ backstory }) =>
      backstory.admin.compareVersions(
        required(aggregate, 'aggregate'),
        required(id, 'id'),
        Number(from),
        Number(to),
      ),
    );
  }

  @Get('api/consumers')
  consumers(@Req() request: DashboardRequest, @Res() response: unknown): Promise<void> {
    return this.json(request, response, ({ backstory }) => backstory.admin.consumers());
  }

  @Get('api/parked')
  parked(
    @Query() { consumer }: Parameters,
    @Req() request: DashboardRequest,
    @Res() response: unknown,
  ): Promise<void> {
    return this.json(request, response, ({ backstory }) =>
      backstory.consumers.parked(required(consumer, 'consumer'), { limit: 100 }),
    );
  }

  @Get('api/log')
  log(@Req() request: DashboardRequest, @Res() response: unknown): Promise<void> {
    return this.json(request, response, ({ backstory }) => backstory.admin.log());
  }

  @Get('api/doctor')
  doctor(@Req() request: DashboardRequest, @Res() response: unknown): Promise<void> {
    return this.json(request, response, ({ backstory }) => backstory.admin.doctor());
  }

  private get title(): string {
    return this.options.title ?? 'Backstory';
  }

  private json(
    request: DashboardRequest,
    response: unknown,
    ask: (history: DashboardHistory) => unknown,
  ): Promise<void> {
    return this.answer(request, response).json(async () => ask(await this.histories.of(request)));
  }

  private answer(request: DashboardRequest, response: unknown): DashboardAnswer {
    return new DashboardAnswer(this.http.httpAdapter, request, response);
  }
}

/** What is asked of a history, without whose it is. */
function ofHistory({ tenant: _, ...query }: Parameters): Parameters {
  return query;
}

/** A repeated parameter is a list: none of them is taken. */
function required(value: unknown, name: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new InvalidOptionsError(`The parameter "${name}" is missing.`, 'Give it once.');
}
