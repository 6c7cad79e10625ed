export { BackstoryModule } from './backstory.module.js';
export { BACKSTORY, getBackstoryToken } from './backstory.tokens.js';
export type {
  BackstoryDataSource,
  BackstoryModuleAsyncOptions,
  BackstoryModuleOptions,
  BackstoryOptionsFactory,
} from './backstory-module.options.js';
export { EmitsEvent, type EmitsEventOptions } from './decorators/emits-event.decorator.js';
export { RunInContext } from './context/run-in-context.decorator.js';
export { EventSourced } from './decorators/event-sourced.decorator.js';
export {
  EventConsumer,
  type EventConsumerOptions,
  EventProjection,
  type EventProjectionOptions,
  OnEvent,
} from './events/on-event.decorator.js';
export { InjectBackstory } from './decorators/inject-backstory.decorator.js';
