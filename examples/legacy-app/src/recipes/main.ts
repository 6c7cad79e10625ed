import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { ShopWithRecipesModule } from './shop-with-recipes.module.js';

async function main(): Promise<void> {
  const app = await NestFactory.create(ShopWithRecipesModule);
  app.enableShutdownHooks();
  await app.listen(Number(process.env.PORT ?? 3000));
}

void main();
