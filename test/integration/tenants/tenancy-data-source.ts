import { DataSource } from 'typeorm';
import { entities } from './tenancy.js';

/** What the application's data-source file exports for the command line; each test says which database. */
export default new DataSource({ type: 'postgres', url: '', entities });
