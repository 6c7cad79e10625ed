import { type BackstoryOptions, environmentKeys, type KeyProvider } from '@backstory/adapter';
import { aggregates } from '../erasure/people.js';

export const variable = 'BACKSTORY_KEYS_OF_PEOPLE';

const options: BackstoryOptions = {
  aggregates,
  encryption: {
    /** Each command reads the variable anew, as if it were a process of its own. */
    get keys(): KeyProvider {
      return environmentKeys(variable);
    },
  },
};

export default options;
