import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { ShopWithBackstoryModule } from './shop-with-backstory.module.js';

async function main(): Promise<void> {
  const app = await NestFactory.create(ShopWithBackstoryModule);
  app.enableShutdownHooks();
  await app.listen(Number(process.env.PORT ?? 3000));
}

void main();
