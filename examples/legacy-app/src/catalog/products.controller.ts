import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Param,
  ParseUUIDPipe,
  Patch,
  Post,
  Query,
} from '@nestjs/common';
import type { Page } from '../pagination/page.js';
import { CreateBookDto, CreateGadgetDto } from './create-product.dto.js';
import { PricingService } from './pricing.service.js';
import { ChangePricesDto, ListProductsDto, PriceDto, UpdateProductDto } from './product-requests.dto.js';
import type { Product } from './product.entity.js';
import { ProductsService } from './products.service.js';

@Controller('products')
export class ProductsController {
  constructor(
    private readonly products: ProductsService,
    private readonly pricing: PricingService,
  ) {}

  @Post('books')
  createBook(@Body() request: CreateBookDto): Promise<Product> {
    return this.products.createBook(request);
  }

  @Post('gadgets')
  createGadget(@Body() request: CreateGadgetDto): Promise<Product> {
    return this.products.createGadget(request);
  }

  @Post('prices')
  @HttpCode(200)
  async changePrices(@Body() { percent, keyword }: ChangePricesDto): Promise<{ affected: number }> {
    return { affected: await this.pricing.changePrices(percent, keyword) };
  }

  @Get()
  list(@Query() query: ListProductsDto): Promise<Page<Product>> {
    return this.products.list(query);
  }

  @Get(':id')
  get(@Param('id', ParseUUIDPipe) id: string): Promise<Product> {
    return this.products.get(id);
  }

  @Patch(':id')
  update(@Param('id', ParseUUIDPipe) id: string, @Body() request: UpdateProductDto): Promise<Product> {
    return this.products.update(id, request);
  }

  @Patch(':id/price')
  setPrice(@Param('id', ParseUUIDPipe) id: string, @Body() { price }: PriceDto): Promise<Product> {
    return this.pricing.setPrice(id, price);
  }

  @Delete(':id')
  @HttpCode(204)
  remove(@Param('id', ParseUUIDPipe) id: string): Promise<void> {
    return this.products.remove(id);
  }
}
