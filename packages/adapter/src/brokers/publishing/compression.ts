import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { CompressionOptions } from './publisher-options.js';

const zip = promisify(gzip);

/** What is compressed of what is sent. */
export class Compression {
  private readonly threshold: number;

  constructor({ compression, compressionThreshold = 4096 }: CompressionOptions) {
    this.threshold = compression === undefined ? Infinity : compressionThreshold;
  }

  isFor(bytes: number): boolean {
    return bytes >= this.threshold;
  }

  /** Apart from the event loop. */
  compress(body: string | Buffer): Promise<Buffer> {
    return zip(body);
  }
}
