import { BadRequestException, Controller, Get, Query } from '@nestjs/common';
import { type MonthOfOrders, OrdersPerMonthService } from './orders-per-month.service.js';

@Controller('reports/orders-per-month')
export class OrdersPerMonthController {
  constructor(private readonly report: OrdersPerMonthService) {}

  @Get()
  asOf(@Query('asOf') asOf: string): Promise<MonthOfOrders[]> {
    const moment = new Date(asOf);
    if (Number.isNaN(moment.getTime())) throw new BadRequestException(`asOf: "${asOf}" is no moment.`);
    return this.report.asOf(moment);
  }
}
