import { DataSource } from 'typeorm';
import { Appointment } from './appointments/appointment.entity.js';
import { Prescription } from './appointments/prescription.entity.js';
import { FirstTables1760000000000 } from './migrations/1760000000000-first-tables.js';
import { InstallBackstory1790000000000 } from './migrations/1790000000000-install-backstory.js';
import { Patient } from './patients/patient.entity.js';
import { Session } from './session.entity.js';

export default new DataSource({
  type: 'postgres',
  url: process.env.DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/clinic',
  entities: [Patient, Appointment, Prescription, Session],
  migrations: [FirstTables1760000000000, InstallBackstory1790000000000],
});
