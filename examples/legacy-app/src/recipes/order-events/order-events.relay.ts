import type { Backstory } from '@backstory/adapter';
import { rabbitMqPublisher } from '@backstory/adapter/rabbitmq';
import { InjectBackstory } from '@backstory/nest-module';
import { Injectable, type OnModuleInit } from '@nestjs/common';

/** Publishes what happens to orders to the exchange `shop`: to the routing keys `order.OrderCreated`, `order.OrderShipped`, … */
@Injectable()
export class OrderEventsRelay implements OnModuleInit {
  constructor(@InjectBackstory() private readonly backstory: Backstory) {}

  onModuleInit(): void {
    const url = process.env.RABBITMQ_URL;
    if (!url) return; // no broker in development
    this.backstory.consumers.relay({
      name: 'order-events',
      publisher: rabbitMqPublisher({ url, source: '/shop', exchange: 'shop' }),
      filter: { categories: ['order'] },
    });
  }
}
