import { channel } from 'node:diagnostics_channel';

/** Published on the diagnostics channel `backstory:capture-error` when a statement of this process failed inside capture, or went on without an event because its aggregate says so. */
export interface CaptureFailure {
  /** SQLSTATE. */
  readonly code: string;
  readonly error: Error;
}

/** Process-wide, whatever copies of this package there are. */
export const captureErrors = channel('backstory:capture-error');

/** PostgreSQL says where an error arose, innermost first: `PL/pgSQL function backstory.capture_order_update() line 9 at …`. */
export function noteCaptureError(schema: string, error: unknown): void {
  const { code, where } = (error ?? {}) as Partial<Error> & { code?: string; where?: string };
  if (!code || !where?.includes('capture_')) return;
  const inCapture = new RegExp(`function (?:"?${escaped(schema)}"?\\.)"?capture_`);
  if (inCapture.test(where)) captureErrors.publish({ code, error: error as Error } satisfies CaptureFailure);
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
