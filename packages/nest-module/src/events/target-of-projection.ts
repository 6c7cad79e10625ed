import type { ProjectionTarget } from '@backstory/adapter';
import type { ModuleRef } from '@nestjs/core';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { WiringError } from '../wiring/wiring-error.js';
import type { EventProjectionOptions } from './on-event.decorator.js';

/**
 * The DataSource that a projection names.
 * @throws WiringError DATA_SOURCE_UNKNOWN where the application has none of that name
 */
export function targetOfProjection(
  moduleRef: ModuleRef,
  projection: string,
  into: NonNullable<EventProjectionOptions['into']>,
): ProjectionTarget {
  const { dataSource: name, ...more } = typeof into === 'string' ? { dataSource: into } : into;
  try {
    return { ...more, dataSource: moduleRef.get<DataSource>(getDataSourceToken(name), { strict: false }) };
  } catch {
    throw new WiringError(
      'DATA_SOURCE_UNKNOWN',
      `${projection} lives in the DataSource "${name}", which the application doesn't have.`,
      `Import TypeOrmModule.forRoot({ name: '${name}', … }) in the root module, or correct "into" in the decorator of ${projection}.`,
    );
  }
}
