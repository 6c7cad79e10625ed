// The versions that applications in the field combine: the oldest and the newest supported of each line.
const NESTJS = ['10.4.22', '11.2.10', '12.5.1'];
const TYPEORM = ['0.3.20', '0.3.31', '1.1.1'];

/**
 * @typedef {object} Combination
 * @property {string} nestjs
 * @property {string} typeorm
 * @property {string} nestjsTypeorm the version of its TypeORM module that belongs to the two
 * @property {string} terminus the version of Terminus that belongs to the three
 */

/** @type {Record<string, string>} of @nestjs/cqrs, for each of NestJS */
const CQRS = { '10.4.22': '10.2.8', '11.2.10': '11.0.3', '12.5.1': '12.0.0' };

/** @type {Combination[]} */
export const combinations = NESTJS.flatMap((nestjs) =>
  TYPEORM.map((typeorm) => {
    const nestjsTypeorm = fittingNestjsTypeorm(nestjs, typeorm);
    return { nestjs, typeorm, nestjsTypeorm, terminus: fittingTerminus(nestjsTypeorm) };
  }),
);

/** @param {string} nestjs @param {string} typeorm */
function fittingNestjsTypeorm(nestjs, typeorm) {
  if (nestjs.startsWith('12.')) return '12.0.2';
  // @nestjs/typeorm 10 does not admit TypeORM 1; 11 admits it together with NestJS 10.
  if (nestjs.startsWith('11.') || typeorm.startsWith('1.')) return '11.0.3';
  return '10.0.2';
}

/** @param {string} nestjsTypeorm */
function fittingTerminus(nestjsTypeorm) {
  if (nestjsTypeorm.startsWith('12.')) return '12.1.0';
  return nestjsTypeorm.startsWith('11.') ? '11.1.1' : '10.3.0';
}

/** @param {Combination} combination @returns {Record<string, string>} */
export function dependenciesOf({ nestjs, typeorm, nestjsTypeorm, terminus }) {
  return {
    '@nestjs/common': nestjs,
    '@nestjs/core': nestjs,
    '@nestjs/cqrs': CQRS[nestjs] ?? nestjs,
    '@nestjs/platform-express': nestjs,
    '@nestjs/terminus': terminus,
    '@nestjs/typeorm': nestjsTypeorm,
    pg: '^8.23.0',
    'reflect-metadata': '^0.2.2',
    rxjs: '^7.8.2',
    typeorm,
  };
}
