import { Body, Controller, Get, HttpCode, Param, ParseUUIDPipe, Post } from '@nestjs/common';
import { RestockDto, StockFeedDto, StocktakeDto } from './product-requests.dto.js';
import type { Product } from './product.entity.js';
import { StockFeedService } from './stock-feed.service.js';
import type { StockMovement } from './stock-movement.entity.js';
import { StockService } from './stock.service.js';

@Controller()
export class StockController {
  constructor(
    private readonly stock: StockService,
    private readonly feed: StockFeedService,
  ) {}

  @Get('products/:id/movements')
  movements(@Param('id', ParseUUIDPipe) id: string): Promise<StockMovement[]> {
    return this.stock.movementsOf(id);
  }

  @Post('products/:id/restock')
  @HttpCode(200)
  restock(@Param('id', ParseUUIDPipe) id: string, @Body() { quantity }: RestockDto): Promise<Product> {
    return this.stock.restock(id, quantity);
  }

  @Post('products/:id/stocktake')
  @HttpCode(200)
  stocktake(@Param('id', ParseUUIDPipe) id: string, @Body() { counted }: StocktakeDto): Promise<Product> {
    return this.stock.stocktake(id, counted);
  }

  @Post('stock-feed')
  @HttpCode(200)
  async applyFeed(@Body() { levels }: StockFeedDto): Promise<{ affected: number }> {
    return { affected: await this.feed.apply(levels) };
  }
}
