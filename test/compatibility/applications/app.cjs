'use strict';

require('reflect-metadata');
const application = require('./application.cjs');

exports.AppModule = application({
  common: require('@nestjs/common'),
  cqrs: require('@nestjs/cqrs'),
  nestTypeorm: require('@nestjs/typeorm'),
  terminus: require('@nestjs/terminus'),
  typeorm: require('typeorm'),
  nestModule: require('@backstory/nest-module'),
}).AppModule;
