'use strict';

require('reflect-metadata');
const typeorm = require('typeorm');
const application = require('./application.cjs');

const { connection } = application({
  common: require('@nestjs/common'),
  cqrs: require('@nestjs/cqrs'),
  nestTypeorm: require('@nestjs/typeorm'),
  terminus: require('@nestjs/terminus'),
  typeorm,
  nestModule: require('@backstory/nest-module'),
});
exports.default = new typeorm.DataSource(connection);
