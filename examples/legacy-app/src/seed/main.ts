import dataSource from '../data-source.js';
import { seedShop } from './seed-shop.js';

async function main(): Promise<void> {
  await dataSource.initialize();
  try {
    console.table(await seedShop(dataSource, { scale: Number(process.env.SEED_SCALE ?? 1) }));
  } finally {
    await dataSource.destroy();
  }
}

void main();
