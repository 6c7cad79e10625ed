import { DataSource } from 'typeorm';
import { entities } from './entities.js';

/** What an application's data-source file exports for the command line. */
export default new DataSource({ type: 'postgres', url: process.env['LIBRARY_URL'] as string, entities });
