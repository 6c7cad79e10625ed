import { NestFactory } from '@nestjs/core';
import { purseShop } from './purse-shop.js';

/** The shop as a process of its own: tells its address, and dies when it is told to. */
async function main(): Promise<void> {
  const app = await NestFactory.create(purseShop(process.env['PURSE_URL'] as string), { logger: ['error'] });
  await app.listen(0, '127.0.0.1');
  process.stdout.write(`${await app.getUrl()}\n`);
}

void main();
