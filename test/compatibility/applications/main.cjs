'use strict';

require('reflect-metadata');
const adopt = require('./adopt.cjs');

adopt({
  common: require('@nestjs/common'),
  core: require('@nestjs/core'),
  cqrs: require('@nestjs/cqrs'),
  nestTypeorm: require('@nestjs/typeorm'),
  terminus: require('@nestjs/terminus'),
  typeorm: require('typeorm'),
  adapter: require('@backstory/adapter'),
  nestModule: require('@backstory/nest-module'),
}).catch((error) => {
  console.error(error);
  process.exit(1);
});
