import { BackstoryDashboardModule, BackstoryModule } from '@backstory/nest-module';
import { Module } from '@nestjs/common';
import { AppModule } from '../app.module.js';
import { Order } from '../orders/order.entity.js';

@Module({
  imports: [
    AppModule,
    BackstoryModule.forRoot({
      // an order is one thing: its lines and tags are part of its history
      aggregates: ['all', { entity: Order, owns: ['lines', 'tags'] }],
      // a queue: its rows come and go, and nobody will ask for their history
      exclude: ['JobRecord'],
      // who writes, for the metadata of every event
      context: (execution) => ({
        actor: execution.switchToHttp().getRequest<{ headers: Record<string, string> }>().headers['x-user'],
      }),
    }),
    // at /backstory; outside of development nobody sees it until it is told who may
    BackstoryDashboardModule.forRoot({ allowChanges: true }),
  ],
})
export class ShopWithBackstoryModule {}
