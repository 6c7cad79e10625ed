import { Body, Controller, Get, Inject, NotFoundException, Param, Post } from '@nestjs/common';
import { getDataSourceToken, getRepositoryToken } from '@nestjs/typeorm';
import type { DataSource, Repository } from 'typeorm';
import { Appointment, type AppointmentStatus } from './appointment.entity.js';
import { Prescription } from './prescription.entity.js';

@Controller('appointments')
export class AppointmentsController {
  constructor(
    @Inject(getRepositoryToken(Appointment)) private readonly appointments: Repository<Appointment>,
    @Inject(getDataSourceToken()) private readonly dataSource: DataSource,
  ) {}

  @Post()
  book(@Body() { patientId, startsAt }: { patientId: string; startsAt: string }): Promise<Appointment> {
    return this.appointments.save(
      this.appointments.create({ patient: { id: patientId }, startsAt: new Date(startsAt) }),
    );
  }

  @Get(':id')
  async one(@Param('id') id: string): Promise<Appointment> {
    const appointment = await this.appointments.findOne({
      where: { id },
      relations: { prescriptions: true },
    });
    if (!appointment) throw new NotFoundException();
    return appointment;
  }

  @Post(':id/status/:status')
  async move(@Param('id') id: string, @Param('status') status: AppointmentStatus): Promise<Appointment> {
    await this.appointments.update({ id }, { status });
    return this.one(id);
  }

  /** In one statement, past every repository: a write path of its own. */
  @Post('close-day/:day')
  async closeDay(@Param('day') day: string): Promise<{ closed: number }> {
    const [, closed] = (await this.dataSource.query(
      `update appointments set status = 'cancelled' where status = 'booked' and starts_at::date = $1::date`,
      [day],
    )) as [unknown, number];
    return { closed };
  }

  @Post(':id/prescriptions')
  async prescribe(
    @Param('id') id: string,
    @Body() body: Pick<Prescription, 'drug' | 'doseMg'>,
  ): Promise<Appointment> {
    const appointment = await this.one(id);
    appointment.prescriptions.push(Object.assign(new Prescription(), body));
    return this.appointments.save(appointment);
  }
}
