import type { CaptureContext } from '@backstory/adapter';
import { Logger } from '@nestjs/common';

const logger = new Logger('Backstory');

/** A mistake in the application's function costs its events what it would have said, never the write itself. */
export function askForContext(ask: () => CaptureContext | undefined): CaptureContext | undefined {
  try {
    return ask();
  } catch (error) {
    logger.warn(
      `The context of a write is incomplete, because the function that says it has failed: ${String(error)}. ` +
        'A "context" that reads an HTTP request must look at execution.getType() first.',
    );
    return undefined;
  }
}
