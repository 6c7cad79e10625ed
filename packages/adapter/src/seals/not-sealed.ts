import { BackstoryError } from '../errors.js';

export function notSealed(): BackstoryError {
  return new BackstoryError(
    'NOT_SEALED',
    'Nothing is sealed yet.',
    'Run "npx backstory seal --digest <file>", and let the file be where nobody who may write to the database can write.',
  );
}
