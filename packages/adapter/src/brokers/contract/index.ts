export {
  publisherContract,
  type PublisherUnderTest,
  type PublisherContractOptions,
} from './publisher-contract.js';
export { type CloudEvent, readCloudEvent, type ReceivedMessage } from '../cloud-events/index.js';
