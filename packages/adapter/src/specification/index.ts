export { type Given, type Specification, specificationOf, type When } from './specification.js';
export type { SpecificationOptions } from './specification-options.js';
