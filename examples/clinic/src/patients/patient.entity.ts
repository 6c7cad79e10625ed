import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn, VersionColumn } from 'typeorm';

@Entity('patients')
export class Patient {
  @PrimaryGeneratedColumn('uuid')
  id: string;

  @Column({ type: 'text' })
  name: string;

  @Column({ type: 'date', name: 'born_on' })
  bornOn: string;

  @Column({ type: 'text', name: 'insurance_number', nullable: true })
  insuranceNumber: string | null;

  @Column({ type: 'text', array: true, default: [] })
  allergies: string[];

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;

  @VersionColumn()
  version: number;
}
