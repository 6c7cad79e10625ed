import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { MarketingModule } from '../marketing/marketing.module.js';
import { JobRecord } from './job-record.entity.js';
import { JobsController } from './jobs.controller.js';
import { JobsService } from './jobs.service.js';
import { MaintenanceService } from './maintenance.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([JobRecord]), MarketingModule],
  controllers: [JobsController],
  providers: [JobsService, MaintenanceService],
  exports: [JobsService, MaintenanceService],
})
export class JobsModule {}
