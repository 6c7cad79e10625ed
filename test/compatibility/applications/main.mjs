import 'reflect-metadata';
import * as common from '@nestjs/common';
import * as core from '@nestjs/core';
import * as cqrs from '@nestjs/cqrs';
import * as terminus from '@nestjs/terminus';
import * as nestTypeorm from '@nestjs/typeorm';
import * as typeorm from 'typeorm';
import * as adapter from '@backstory/adapter';
import * as nestModule from '@backstory/nest-module';
import adopt from './adopt.cjs';

await adopt({ common, core, cqrs, nestTypeorm, terminus, typeorm, adapter, nestModule });
