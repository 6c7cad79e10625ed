import type { Backstory, Stage } from '@backstory/adapter';
import { BACKSTORY } from '@backstory/nest-module';
import type { INestApplicationContext, Type } from '@nestjs/common';
import { AppModule } from '../src/app.module.js';
import { ShopWithBackstoryModule } from '../src/backstory/shop-with-backstory.module.js';

/**
 * SHOP_WITH_BACKSTORY=capture (or shadow, replay, events): the same suites against the shop that has adopted Backstory, with
 * every aggregate in that stage.
 */
const stage = process.env.SHOP_WITH_BACKSTORY as Stage | undefined;

/** The one place that decides which application the suites run against. */
export function rootModuleOfRun(): Type {
  return stage ? ShopWithBackstoryModule : AppModule;
}

export async function enterStageOfRun(app: INestApplicationContext): Promise<void> {
  if (!stage || stage === 'capture') return;
  const backstory = app.get<Backstory>(BACKSTORY);
  for (const { category } of await backstory.status()) {
    await backstory.stages.set(category, stage, { force: true, reason: 'e2e suites in this stage' });
  }
}

/** Whatever a suite has done to the shop, its events say the same as its tables. */
export async function expectNoDrift(app: INestApplicationContext): Promise<void> {
  if (!stage) return;
  const backstory = app.get<Backstory>(BACKSTORY);
  await backstory.shadowSettled();
  const drifted = (await backstory.status()).filter(({ shadow }) => shadow && shadow.drifted > 0);
  if (drifted.length > 0) throw new Error(`Shadow reads found drift: ${JSON.stringify(drifted)}`);
  const faults = (await backstory.doctor()).filter(({ severity }) => severity === 'fault');
  if (faults.length > 0) throw new Error(`Faults in the set-up: ${JSON.stringify(faults)}`);
  const { aggregates } = await backstory.verify();
  const drift = aggregates.flatMap((aggregate) => aggregate.drift);
  if (drift.length > 0) throw new Error(`Drift after the suite: ${JSON.stringify(drift.slice(0, 5))}`);
}
