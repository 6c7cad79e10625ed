/**
 * `@backstory/adapter/testing`: for the tests of an application, with whatever test runner it has.
 * @module testing
 */
export { backstoryWithoutDatabase } from './backstory-without-database.js';
export { eventsDuring } from './events-during.js';
export { runOnce, type RunOnceOptions } from './run-once.js';
export { settled } from './settled.js';
export { tenantsWithoutDatabase } from './tenants-without-database.js';
export {
  type Given,
  type Specification,
  specificationOf,
  type SpecificationOptions,
  type When,
} from '../specification/index.js';
export {
  type CloudEvent,
  publisherContract,
  type PublisherContractOptions,
  type PublisherUnderTest,
  readCloudEvent,
  type ReceivedMessage,
} from '../brokers/contract/index.js';
