import { Column, CreateDateColumn, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

export type JobState = 'waiting' | 'running' | 'done' | 'failed';

@Entity({ name: 'job_records' })
export class JobRecord {
  @PrimaryGeneratedColumn('uuid')
  id: string;

  @Column({ type: 'json' })
  payload: Record<string, unknown>;

  @Index('job_records_state')
  @Column({ type: 'varchar', length: 20, default: 'waiting' })
  state: JobState;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt: Date;
}
