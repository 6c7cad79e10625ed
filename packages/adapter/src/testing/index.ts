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
export { type ContractOptions } from './contracts/declare-contract.js';
export { fileStoreContract, type FileStoreUnderTest } from './contracts/file-store-contract.js';
export { inboxContract, type InboxContractOptions, type InboxUnderTest } from './contracts/inbox-contract.js';
export {
  keyProviderContract,
  type KeyProviderContractOptions,
  type KeyProviderUnderTest,
} from './contracts/key-provider-contract.js';
export {
  publisherContract,
  type PublisherContractOptions,
  type PublisherUnderTest,
} from './contracts/publisher-contract.js';
export { type CloudEvent, readCloudEvent, type ReceivedMessage } from '../brokers/cloud-events/index.js';
