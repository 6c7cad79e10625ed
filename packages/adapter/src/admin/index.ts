export { type AggregateStatus, readStatus } from './read-status.js';
