import type { CaptureContext } from '@backstory/adapter';

/** `addition` over `base`. What it says only as `undefined` stays as it was: a missing header must not erase an id. */
export function extendContext(base: CaptureContext, addition: CaptureContext | undefined): CaptureContext {
  const said = Object.entries(addition ?? {}).filter(([, value]) => value !== undefined);
  return { ...base, ...Object.fromEntries(said) };
}
