import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AppointmentsController } from './appointments/appointments.controller.js';
import { Appointment } from './appointments/appointment.entity.js';
import { Prescription } from './appointments/prescription.entity.js';
import dataSource from './data-source.js';
import { Patient } from './patients/patient.entity.js';
import { PatientsController } from './patients/patients.controller.js';
import { BackstoryModule } from '@backstory/nest-module';
import backstoryOptions from './backstory.config.js';

@Module({
  imports: [
    TypeOrmModule.forRoot(dataSource.options),
    TypeOrmModule.forFeature([Patient, Appointment, Prescription]),
    BackstoryModule.forRoot({ ...backstoryOptions, install: 'check' }),
  ],
  controllers: [PatientsController, AppointmentsController],
})
export class AppModule {}
