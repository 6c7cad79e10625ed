import { ReplayError } from '../errors.js';
import type { EntityMapping } from '../mapping/index.js';
import type { StageWatch } from '../stages/index.js';

/** An order without its lines is no order. @throws ReplayError */
export function requireSettled(stages: StageWatch, { category, knownAs }: EntityMapping): void {
  const { unsettled } = stages.of(category);
  if (unsettled.length === 0) return;
  const what = unsettled.map((part) =>
    part === '' ? 'its table was made again, or written to without triggers,' : `"${part}" is owned`,
  );
  throw new ReplayError(
    `${knownAs}-…`,
    `${what.join(' and ')} since its streams have begun, and they don't tell it yet`,
    `Run "npx backstory repair ${knownAs}", then "npx backstory verify ${knownAs}".`,
  );
}
