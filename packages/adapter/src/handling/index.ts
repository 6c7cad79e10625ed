export { CommandHandling, type CommandSettings } from './command-handling.js';
