export { configurationText, type ModuleFormat } from './configuration-text.js';
export type { EntityDescription, RelationDescription } from './entity-description.js';
export { propose } from './propose.js';
export type { Proposal } from './proposal.js';
export { sensitivity } from './sensitive-property.js';
