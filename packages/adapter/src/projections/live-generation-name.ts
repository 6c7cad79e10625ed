import type { SqlExecutor } from '../database/index.js';
import { readGenerations } from './generations.js';
import { generationName } from './projection-definition.js';

/** The consumer that stands for a projection now: its live generation. Any other name is its own. */
export async function liveGenerationName(sql: SqlExecutor, schema: string, name: string): Promise<string> {
  if (name.includes('@')) return name;
  const generations = await readGenerations(sql, schema, name);
  return generations ? generationName(name, generations.live) : name;
}
