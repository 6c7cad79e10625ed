import { Body, Controller, Delete, Get, Inject, NotFoundException, Param, Patch, Post } from '@nestjs/common';
import { getRepositoryToken } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { Patient } from './patient.entity.js';

@Controller('patients')
export class PatientsController {
  constructor(@Inject(getRepositoryToken(Patient)) private readonly patients: Repository<Patient>) {}

  @Post()
  create(@Body() body: Partial<Patient>): Promise<Patient> {
    return this.patients.save(this.patients.create(body));
  }

  @Get()
  list(): Promise<Patient[]> {
    return this.patients.find({ order: { name: 'ASC' } });
  }

  @Get(':id')
  async one(@Param('id') id: string): Promise<Patient> {
    const patient = await this.patients.findOneBy({ id });
    if (!patient) throw new NotFoundException();
    return patient;
  }

  @Patch(':id')
  async change(@Param('id') id: string, @Body() body: Partial<Patient>): Promise<Patient> {
    return this.patients.save(Object.assign(await this.one(id), body));
  }

  @Delete(':id')
  async remove(@Param('id') id: string): Promise<void> {
    await this.patients.remove(await this.one(id));
  }
}
