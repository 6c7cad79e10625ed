import { ConflictException, Injectable, NotFoundException } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type FindOptionsWhere, ILike, MoreThanOrEqual, Repository } from 'typeorm';
import type { Page } from '../pagination/page.js';
import { rowsOf, toPage } from '../pagination/page.js';
import type { CreateCustomerDto } from './create-customer.dto.js';
import { Customer } from './customer.entity.js';
import type { ListCustomersDto } from './list-customers.dto.js';
import type { UpdateCustomerDto } from './update-customer.dto.js';

@Injectable()
export class CustomersService {
  constructor(@InjectRepository(Customer) private readonly customers: Repository<Customer>) {}

  create(request: CreateCustomerDto): Promise<Customer> {
    return this.customers.save(this.customers.create(request));
  }

  async list(query: ListCustomersDto): Promise<Page<Customer>> {
    const base: FindOptionsWhere<Customer> = query.country ? { billing: { country: query.country } } : {};
    const where = query.search
      ? [
          { ...base, name: ILike(`%${query.search}%`) },
          { ...base, email: ILike(`%${query.search}%`) },
        ]
      : base;
    return toPage(
      await this.customers.findAndCount({ where, order: { id: 'ASC' }, ...rowsOf(query) }),
      query,
    );
  }

  async get(id: number): Promise<Customer> {
    const customer = await this.customers.findOneBy({ id });
    if (!customer) {
      throw new NotFoundException(`No customer ${id}`);
    }
    return customer;
  }

  async update(id: number, { version, ...changes }: UpdateCustomerDto): Promise<Customer> {
    const customer = await this.get(id);
    if (version !== undefined) {
      await this.customers.findOneOrFail({ where: { id }, lock: { mode: 'optimistic', version } });
    }
    return this.customers.save(this.customers.merge(customer, changes));
  }

  async mergePreferences(id: number, preferences: Record<string, unknown>): Promise<Customer> {
    await this.customers.query(
      `UPDATE customer
          SET preferences = preferences || $2::jsonb, version = version + 1, updated_at = now()
        WHERE id = $1 AND deleted_at IS NULL`,
      [id, JSON.stringify(preferences)],
    );
    return this.get(id);
  }

  async addLoyaltyPoints(id: number, points: number): Promise<Customer> {
    await this.get(id);
    const { affected } =
      points > 0
        ? await this.customers.increment({ id }, 'loyaltyPoints', points)
        : await this.customers.decrement(
            { id, loyaltyPoints: MoreThanOrEqual(String(-points)) },
            'loyaltyPoints',
            -points,
          );
    if (!affected) {
      throw new ConflictException(`Customer ${id} does not have ${-points} loyalty points`);
    }
    return this.get(id);
  }

  async softDelete(id: number): Promise<void> {
    const { affected } = await this.customers.softDelete({ id });
    if (!affected) {
      throw new NotFoundException(`No customer ${id}`);
    }
  }

  async restore(id: number): Promise<Customer> {
    await this.customers.restore(id);
    return this.get(id);
  }
}
