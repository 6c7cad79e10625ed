import { ConflictException, Injectable, NotFoundException } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type FindOptionsRelations, Repository } from 'typeorm';
import { CustomersService } from '../customers/customers.service.js';
import type { Page } from '../pagination/page.js';
import { rowsOf, toPage } from '../pagination/page.js';
import type { ListOrdersDto, ShippingAddressDto } from './order-requests.dto.js';
import { OrderStatus } from './order-status.js';
import { Order } from './order.entity.js';

const everything: FindOptionsRelations<Order> = { customer: true, lines: { product: true }, tags: true };

@Injectable()
export class OrdersService {
  constructor(
    @InjectRepository(Order) private readonly orders: Repository<Order>,
    private readonly customers: CustomersService,
  ) {}

  async list(query: ListOrdersDto): Promise<Page<Order>> {
    const found = await this.orders.findAndCount({
      where: { status: query.status, customer: { id: query.customerId } },
      relations: everything,
      order: { id: 'DESC', lines: { id: 'ASC' }, tags: { label: 'ASC' } },
      ...rowsOf(query),
    });
    return toPage(found, query);
  }

  async get(id: number): Promise<Order> {
    const order = await this.orders.findOne({
      where: { id },
      relations: everything,
      order: { lines: { id: 'ASC' }, tags: { label: 'ASC' } },
    });
    if (!order) {
      throw new NotFoundException(`No order ${id}`);
    }
    return order;
  }

  async setNote(id: number, note: string): Promise<Order> {
    await this.orders.update(id, { note });
    return this.get(id);
  }

  async correctAddress(id: number, { address, version }: ShippingAddressDto): Promise<Order> {
    const order = await this.orders.findOneOrFail({ where: { id }, lock: { mode: 'optimistic', version } });
    order.shipping = { ...address, postalCode: address.postalCode ?? null };
    await this.orders.save(order);
    return this.get(id);
  }

  async reassign(id: number, customerId: number): Promise<Order> {
    await this.customers.get(customerId);
    await this.orders.createQueryBuilder().relation('customer').of(id).set(customerId);
    return this.get(id);
  }

  /** Lines and tags go with it, by foreign key. */
  async delete(id: number): Promise<void> {
    const { affected } = await this.orders.delete(id);
    if (!affected) {
      throw new NotFoundException(`No order ${id}`);
    }
  }

  /** For drafts; the ORM removes row by row what it has loaded. */
  async discard(id: number): Promise<void> {
    const order = await this.get(id);
    if (order.status !== OrderStatus.Draft) {
      throw new ConflictException(`Order ${order.number} is no draft`);
    }
    await this.orders.remove(order);
  }
}
