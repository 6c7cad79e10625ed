import { Injectable, NotFoundException } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { ArrayContains, Repository } from 'typeorm';
import type { Page } from '../pagination/page.js';
import { rowsOf, toPage } from '../pagination/page.js';
import { Book } from './book.entity.js';
import type { CreateBookDto, CreateGadgetDto } from './create-product.dto.js';
import { Gadget } from './gadget.entity.js';
import { Money } from './money.js';
import type { ListProductsDto, UpdateProductDto } from './product-requests.dto.js';
import { Product } from './product.entity.js';

@Injectable()
export class ProductsService {
  constructor(
    @InjectRepository(Product) private readonly products: Repository<Product>,
    @InjectRepository(Book) private readonly books: Repository<Book>,
    @InjectRepository(Gadget) private readonly gadgets: Repository<Gadget>,
  ) {}

  createBook(request: CreateBookDto): Promise<Book> {
    return this.books.save(this.books.create({ ...request, price: Money.parse(request.price) }));
  }

  async createGadget(request: CreateGadgetDto): Promise<Product> {
    const { generatedMaps } = await this.gadgets.insert({
      ...request,
      specs: request.specs as object,
      price: Money.parse(request.price),
    });
    return this.get(String(generatedMaps[0]?.id));
  }

  async list(query: ListProductsDto): Promise<Page<Product>> {
    const where = query.keyword ? { keywords: ArrayContains([query.keyword]) } : {};
    const options = { where, order: { sku: 'ASC' as const }, ...rowsOf(query) };
    switch (query.kind) {
      case 'book':
        return toPage(await this.books.findAndCount(options), query);
      case 'gadget':
        return toPage(await this.gadgets.findAndCount(options), query);
      default:
        return toPage(await this.products.findAndCount(options), query);
    }
  }

  async get(id: string): Promise<Product> {
    const product = await this.products.findOneBy({ id });
    if (!product) {
      throw new NotFoundException(`No product ${id}`);
    }
    return product;
  }

  async update(id: string, changes: UpdateProductDto): Promise<Product> {
    const product = await this.get(id);
    return this.products.save(Object.assign(product, changes));
  }

  /** Refused by the database when the product was ever ordered. */
  async remove(id: string): Promise<void> {
    await this.products.remove(await this.get(id));
  }
}
