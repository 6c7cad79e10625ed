import 'reflect-metadata';
import * as common from '@nestjs/common';
import * as cqrs from '@nestjs/cqrs';
import * as terminus from '@nestjs/terminus';
import * as nestTypeorm from '@nestjs/typeorm';
import * as typeorm from 'typeorm';
import * as nestModule from '@backstory/nest-module';
import application from './application.cjs';

export const { AppModule } = application({ common, cqrs, nestTypeorm, terminus, typeorm, nestModule });
