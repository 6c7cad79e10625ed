export { appendedEvents, type AppendOutcome, appendStatement, type AppendTarget } from './append-events.js';
export type {
  AppendedEvents,
  AppendOptions,
  ExpectedVersion,
  NamedEvent,
  NewEvent,
} from './append-options.js';
export { newEvents } from './new-events.js';
export { declareTopics, readTopics } from './topics.js';
