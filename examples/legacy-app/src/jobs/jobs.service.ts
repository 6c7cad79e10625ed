import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { JobRecord } from './job-record.entity.js';

@Injectable()
export class JobsService {
  constructor(@InjectRepository(JobRecord) private readonly jobs: Repository<JobRecord>) {}

  list(): Promise<JobRecord[]> {
    return this.jobs.find({ order: { createdAt: 'DESC' }, take: 100 });
  }

  async enqueue(payload: object): Promise<JobRecord> {
    const { identifiers } = await this.jobs.insert({ payload });
    return this.jobs.findOneByOrFail({ id: String(identifiers[0]?.id) });
  }

  /** Marks the oldest waiting job as done; workers never wait for one another. */
  async work(): Promise<number> {
    const [, worked] = await this.jobs.query<[unknown[], number]>(
      `UPDATE job_records
          SET state = 'done'
        WHERE id = (SELECT id FROM job_records WHERE state = 'waiting'
                     ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED)`,
    );
    return worked;
  }

  async clearDone(): Promise<number> {
    const { affected } = await this.jobs.delete({ state: 'done' });
    return affected ?? 0;
  }
}
