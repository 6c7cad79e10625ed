import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Param,
  ParseIntPipe,
  Post,
  Put,
  Query,
} from '@nestjs/common';
import type { Page } from '../pagination/page.js';
import { OrderFulfilmentService } from './order-fulfilment.service.js';
import { OrderPlacementService } from './order-placement.service.js';
import {
  CreateOrderDto,
  ListOrdersDto,
  NoteDto,
  ReassignDto,
  ShippingAddressDto,
} from './order-requests.dto.js';
import type { Order } from './order.entity.js';
import { OrdersService } from './orders.service.js';

@Controller('orders')
export class OrdersController {
  constructor(
    private readonly orders: OrdersService,
    private readonly placement: OrderPlacementService,
    private readonly fulfilment: OrderFulfilmentService,
  ) {}

  @Get()
  list(@Query() query: ListOrdersDto): Promise<Page<Order>> {
    return this.orders.list(query);
  }

  @Get(':id')
  get(@Param('id', ParseIntPipe) id: number): Promise<Order> {
    return this.orders.get(id);
  }

  @Post()
  place(@Body() request: CreateOrderDto): Promise<Order> {
    return this.placement.place(request);
  }

  @Post('drafts')
  createDraft(@Body() request: CreateOrderDto): Promise<Order> {
    return this.placement.createDraft(request);
  }

  @Post(':id/place')
  @HttpCode(200)
  placeDraft(@Param('id', ParseIntPipe) id: number): Promise<Order> {
    return this.placement.placeDraft(id);
  }

  @Post(':id/pay')
  @HttpCode(200)
  pay(@Param('id', ParseIntPipe) id: number): Promise<Order> {
    return this.fulfilment.pay(id);
  }

  @Post(':id/ship')
  @HttpCode(200)
  ship(@Param('id', ParseIntPipe) id: number): Promise<Order> {
    return this.fulfilment.ship(id);
  }

  @Post(':id/cancel')
  @HttpCode(200)
  cancel(@Param('id', ParseIntPipe) id: number): Promise<Order> {
    return this.fulfilment.cancel(id);
  }

  @Post(':id/refund')
  @HttpCode(200)
  refund(@Param('id', ParseIntPipe) id: number): Promise<Order> {
    return this.fulfilment.refund(id);
  }

  @Post(':id/discard')
  @HttpCode(204)
  discard(@Param('id', ParseIntPipe) id: number): Promise<void> {
    return this.orders.discard(id);
  }

  @Put(':id/note')
  setNote(@Param('id', ParseIntPipe) id: number, @Body() { note }: NoteDto): Promise<Order> {
    return this.orders.setNote(id, note);
  }

  @Put(':id/shipping-address')
  correctAddress(@Param('id', ParseIntPipe) id: number, @Body() request: ShippingAddressDto): Promise<Order> {
    return this.orders.correctAddress(id, request);
  }

  @Put(':id/customer')
  reassign(@Param('id', ParseIntPipe) id: number, @Body() { customerId }: ReassignDto): Promise<Order> {
    return this.orders.reassign(id, customerId);
  }

  @Delete(':id')
  @HttpCode(204)
  delete(@Param('id', ParseIntPipe) id: number): Promise<void> {
    return this.orders.delete(id);
  }
}
