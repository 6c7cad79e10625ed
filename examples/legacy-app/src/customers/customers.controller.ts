import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Param,
  ParseIntPipe,
  Patch,
  Post,
  Put,
  Query,
} from '@nestjs/common';
import type { Page } from '../pagination/page.js';
import { CreateCustomerDto } from './create-customer.dto.js';
import { LoyaltyPointsDto } from './customer-requests.dto.js';
import type { Customer } from './customer.entity.js';
import { CustomersService } from './customers.service.js';
import { ListCustomersDto } from './list-customers.dto.js';
import { UpdateCustomerDto } from './update-customer.dto.js';

@Controller('customers')
export class CustomersController {
  constructor(private readonly customers: CustomersService) {}

  @Post()
  create(@Body() request: CreateCustomerDto): Promise<Customer> {
    return this.customers.create(request);
  }

  @Get()
  list(@Query() query: ListCustomersDto): Promise<Page<Customer>> {
    return this.customers.list(query);
  }

  @Get(':id')
  get(@Param('id', ParseIntPipe) id: number): Promise<Customer> {
    return this.customers.get(id);
  }

  @Patch(':id')
  update(@Param('id', ParseIntPipe) id: number, @Body() request: UpdateCustomerDto): Promise<Customer> {
    return this.customers.update(id, request);
  }

  @Put(':id/preferences')
  mergePreferences(
    @Param('id', ParseIntPipe) id: number,
    @Body() preferences: Record<string, unknown>,
  ): Promise<Customer> {
    return this.customers.mergePreferences(id, preferences);
  }

  @Post(':id/loyalty-points')
  @HttpCode(200)
  addLoyaltyPoints(
    @Param('id', ParseIntPipe) id: number,
    @Body() { points }: LoyaltyPointsDto,
  ): Promise<Customer> {
    return this.customers.addLoyaltyPoints(id, points);
  }

  @Delete(':id')
  @HttpCode(204)
  softDelete(@Param('id', ParseIntPipe) id: number): Promise<void> {
    return this.customers.softDelete(id);
  }

  @Post(':id/restore')
  @HttpCode(200)
  restore(@Param('id', ParseIntPipe) id: number): Promise<Customer> {
    return this.customers.restore(id);
  }
}
