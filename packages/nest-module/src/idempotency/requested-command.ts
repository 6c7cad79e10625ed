import type { CreateOptions } from '@backstory/adapter';

/** What a command of a request is known by, as `@IdempotencyKey()` gives it: options for `handle` and `create`. Empty without a key. */
export type RequestedCommand = Pick<CreateOptions, 'commandId' | 'commandFingerprint'>;
