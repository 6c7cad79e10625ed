import { Controller, Get, Param, ParseIntPipe, Query } from '@nestjs/common';
import { type OrderChange, OrderChangesService } from './order-changes.service.js';

@Controller('orders/:id/changes')
export class OrderChangesController {
  constructor(private readonly changes: OrderChangesService) {}

  @Get()
  list(
    @Param('id', ParseIntPipe) id: number,
    @Query('before', new ParseIntPipe({ optional: true })) before?: number,
  ): Promise<OrderChange[]> {
    return this.changes.list(id, before);
  }
}
