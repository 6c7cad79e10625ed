import type { ValuePath } from '../../event/index.js';

/** Where a value stands in a message: an encrypted one that is put elsewhere is refused. */
export interface ValuePlace {
  /** `order-42` */
  readonly stream: string;
  readonly position: number | string;
  readonly epoch: string | undefined;
  readonly path: ValuePath;
}

/** What is authenticated with the value. */
export function boundTo({ stream, position, epoch = '0', path }: ValuePlace): Buffer {
  return Buffer.from(JSON.stringify(['backstory-value-1', stream, String(position), epoch, ...path]));
}
