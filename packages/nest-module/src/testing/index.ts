/**
 * `@backstory/nest-module/testing`: for unit tests of providers that inject what Backstory provides.
 * @module nest-module-testing
 */
export { BackstoryTestingModule, type BackstoryTestingOptions } from './backstory-testing.module.js';
