import { type BackstoryOptions, environmentKeys } from '@backstory/adapter';
import { Customer, Order } from './documented-entities.js';

/** What `--config backstory.config.js` means on a page. */
const options: BackstoryOptions = {
  aggregates: [
    { entity: Customer, personal: ['name', 'email'] },
    { entity: Order, subject: 'customer.id', personal: ['shipping.street', 'shipping.city'] },
  ],
  encryption: { keys: environmentKeys() },
};

export default options;
