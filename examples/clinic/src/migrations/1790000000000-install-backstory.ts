import { installBackstory } from '@backstory/adapter';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import options from '../backstory.config.js';

/** Installs what is missing of the history when it runs. Written by "npx backstory migration". */
export class InstallBackstory1790000000000 implements MigrationInterface {
  name = 'InstallBackstory1790000000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await installBackstory(queryRunner, { ...options });
  }

  // What was recorded stays. "npx backstory stage --all off" ends capture.
  async down(): Promise<void> {}
}
