import { Body, Controller, Delete, Param, ParseIntPipe, Patch, Post } from '@nestjs/common';
import { OrderLinesService } from './order-lines.service.js';
import { OrderLineDto, QuantityDto } from './order-requests.dto.js';
import type { Order } from './order.entity.js';

@Controller('orders/:id/lines')
export class OrderLinesController {
  constructor(private readonly lines: OrderLinesService) {}

  @Post()
  add(@Param('id', ParseIntPipe) id: number, @Body() request: OrderLineDto): Promise<Order> {
    return this.lines.add(id, request);
  }

  @Patch(':lineId')
  changeQuantity(
    @Param('id', ParseIntPipe) id: number,
    @Param('lineId', ParseIntPipe) lineId: number,
    @Body() { quantity }: QuantityDto,
  ): Promise<Order> {
    return this.lines.changeQuantity(id, lineId, quantity);
  }

  @Delete(':lineId')
  remove(
    @Param('id', ParseIntPipe) id: number,
    @Param('lineId', ParseIntPipe) lineId: number,
  ): Promise<Order> {
    return this.lines.remove(id, lineId);
  }
}
