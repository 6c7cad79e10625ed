export { BackstoryModule } from './backstory.module.js';
export { BACKSTORY, getBackstoryToken } from './backstory.tokens.js';
export type {
  BackstoryDataSource,
  BackstoryModuleAsyncOptions,
  BackstoryModuleOptions,
  BackstoryOptionsFactory,
} from './backstory-module.options.js';
export { EventSourced } from './decorators/event-sourced.decorator.js';
export { InjectBackstory } from './decorators/inject-backstory.decorator.js';
