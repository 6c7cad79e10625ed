import { BackstoryError, type BackstoryErrorCode } from '@backstory/adapter';

/**
 * The application's modules don't fit together, found while it starts: `MODULE_MISSING` where nobody imports the module that
 * another relies on, `MODULE_TWICE` for two histories of one DataSource, `DATA_SOURCE_UNKNOWN` for one that TypeOrmModule doesn't have.
 */
export class WiringError extends BackstoryError {
  override readonly name = 'WiringError';
  constructor(
    code: Extract<BackstoryErrorCode, 'DATA_SOURCE_UNKNOWN' | 'MODULE_MISSING' | 'MODULE_TWICE'>,
    problem: string,
    remedy: string,
  ) {
    super(code, problem, remedy);
  }
}
