import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, Repository } from 'typeorm';
import { Order } from './order.entity.js';
import { OrdersService } from './orders.service.js';
import { Tag } from './tag.entity.js';

@Injectable()
export class OrderTagsService {
  constructor(
    @InjectRepository(Order) private readonly orders: Repository<Order>,
    @InjectRepository(Tag) private readonly tags: Repository<Tag>,
    private readonly reader: OrdersService,
  ) {}

  list(): Promise<Tag[]> {
    return this.tags.find({ order: { label: 'ASC' } });
  }

  async add(orderId: number, labels: string[]): Promise<Order> {
    const order = await this.reader.get(orderId);
    const present = new Set(order.tags.map((tag) => tag.label));
    const missing = await this.ensure(labels.filter((label) => !present.has(label)));
    await this.relation(orderId).add(missing);
    return this.reader.get(orderId);
  }

  async remove(orderId: number, label: string): Promise<Order> {
    await this.reader.get(orderId);
    await this.relation(orderId).remove(await this.tags.findBy({ label }));
    return this.reader.get(orderId);
  }

  async replace(orderId: number, labels: string[]): Promise<Order> {
    const order = await this.reader.get(orderId);
    const wanted = await this.ensure(labels);
    await this.relation(orderId).addAndRemove(
      wanted.filter((tag) => !order.tags.some(({ id }) => id === tag.id)),
      order.tags.filter((tag) => !wanted.some(({ id }) => id === tag.id)),
    );
    return this.reader.get(orderId);
  }

  /** The tags of a whole order, through save() and the junction table. */
  async saveTags(orderId: number, labels: string[]): Promise<Order> {
    // Without the customer: a deleted one is loaded as null, and saving would write that null.
    const order = await this.orders.findOneOrFail({ where: { id: orderId }, relations: { tags: true } });
    order.tags = await this.ensure(labels);
    await this.orders.save(order);
    return this.reader.get(orderId);
  }

  async relabel(label: string, newLabel: string): Promise<number> {
    const { affected } = await this.tags.update({ label }, { label: newLabel });
    return affected ?? 0;
  }

  private async ensure(labels: string[]): Promise<Tag[]> {
    if (labels.length === 0) {
      return [];
    }
    await this.tags
      .createQueryBuilder()
      .insert()
      .values(labels.map((label) => ({ label })))
      .orIgnore()
      .execute();
    return this.tags.findBy({ label: In(labels) });
  }

  private relation(orderId: number) {
    return this.orders.createQueryBuilder().relation('tags').of(orderId);
  }
}
