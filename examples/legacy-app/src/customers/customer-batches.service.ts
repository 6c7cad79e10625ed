import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, IsNull, Not, Repository } from 'typeorm';
import type { CreateCustomerDto } from './create-customer.dto.js';
import { Customer } from './customer.entity.js';

/** Work on many customers at once, mostly for the back office. */
@Injectable()
export class CustomerBatchesService {
  constructor(@InjectRepository(Customer) private readonly customers: Repository<Customer>) {}

  /** All or nothing. */
  async import(requests: CreateCustomerDto[]): Promise<number> {
    const saved = await this.customers.save(this.customers.create(requests), { chunk: 100 });
    return saved.length;
  }

  async importUnknown(requests: CreateCustomerDto[]): Promise<number> {
    const before = await this.customers.count({ withDeleted: true });
    await this.customers
      .createQueryBuilder()
      .insert()
      .values(
        requests.map((request) => ({
          ...request,
          email: request.email.trim().toLowerCase(),
          preferences: request.preferences as object,
        })),
      )
      .orIgnore()
      .execute();
    return (await this.customers.count({ withDeleted: true })) - before;
  }

  /** Saves plain objects that carry nothing but the key and the new name. */
  async addToNames(ids: number[], suffix: string): Promise<number> {
    const customers = await this.customers.find({ select: { id: true, name: true }, where: { id: In(ids) } });
    const renamed = customers.map(({ id, name }) => ({ id, name: `${name} ${suffix}`.slice(0, 200) }));
    await this.customers.save(renamed, { chunk: 50, reload: false });
    return renamed.length;
  }

  async archive(ids: number[]): Promise<number> {
    const customers = await this.customers.findBy({ id: In(ids) });
    await this.customers.softRemove(customers);
    return customers.length;
  }

  async reactivate(ids: number[]): Promise<number> {
    const customers = await this.customers.find({
      where: { id: In(ids), deletedAt: Not(IsNull()) },
      withDeleted: true,
    });
    await this.customers.recover(customers);
    return customers.length;
  }

  /** The right to be forgotten: the row stays for the accounts, the person goes. */
  async forget(ids: number[]): Promise<number> {
    const { affected } = await this.customers
      .createQueryBuilder()
      .update()
      .set({
        name: 'Forgotten',
        email: () => `'forgotten-' || id || '@example.invalid'`,
        birthday: null,
        preferences: {},
        billing: { street: null, postalCode: null },
        shipping: { street: null, postalCode: null },
      })
      .whereInIds(ids)
      .execute();
    return affected ?? 0;
  }
}
