import { Column, Entity, JoinColumn, ManyToOne, OneToMany, PrimaryGeneratedColumn } from 'typeorm';
import { Patient } from '../patients/patient.entity.js';
import { Prescription } from './prescription.entity.js';

export const appointmentStatuses = ['booked', 'arrived', 'done', 'cancelled'] as const;
export type AppointmentStatus = (typeof appointmentStatuses)[number];

@Entity('appointments')
export class Appointment {
  @PrimaryGeneratedColumn('uuid')
  id: string;

  @ManyToOne(() => Patient, { nullable: false, onDelete: 'CASCADE' })
  @JoinColumn({ name: 'patient_id' })
  patient: Patient;

  @Column({ type: 'timestamptz', name: 'starts_at' })
  startsAt: Date;

  @Column({ type: 'enum', enum: appointmentStatuses, enumName: 'appointment_status', default: 'booked' })
  status: AppointmentStatus;

  @OneToMany(() => Prescription, (prescription) => prescription.appointment, { cascade: true })
  prescriptions: Prescription[];
}
