import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import type { JobRecord } from './job-record.entity.js';
import { JobsService } from './jobs.service.js';
import { MaintenanceService, type NightlyReport } from './maintenance.service.js';
import { NightlyDto } from './nightly.dto.js';

@Controller()
export class JobsController {
  constructor(
    private readonly jobs: JobsService,
    private readonly maintenance: MaintenanceService,
  ) {}

  @Get('jobs')
  list(): Promise<JobRecord[]> {
    return this.jobs.list();
  }

  @Post('jobs')
  enqueue(@Body() payload: Record<string, unknown>): Promise<JobRecord> {
    return this.jobs.enqueue(payload);
  }

  @Post('jobs/work')
  @HttpCode(200)
  async work(): Promise<{ worked: number }> {
    return { worked: await this.jobs.work() };
  }

  @Post('maintenance/nightly')
  @HttpCode(200)
  nightly(@Body() { draftsOlderThanDays }: NightlyDto): Promise<NightlyReport> {
    return this.maintenance.nightly(draftsOlderThanDays);
  }
}
