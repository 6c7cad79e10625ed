import 'reflect-metadata';
import * as common from '@nestjs/common';
import * as terminus from '@nestjs/terminus';
import * as nestTypeorm from '@nestjs/typeorm';
import * as typeorm from 'typeorm';
import * as nestModule from '@backstory/nest-module';
import application from './application.cjs';

export const { AppModule } = application({ common, nestTypeorm, terminus, typeorm, nestModule });
