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
} from '@nestjs/common';
import { RelabelDto, TagsDto } from './order-requests.dto.js';
import { OrderTagsService } from './order-tags.service.js';
import type { Order } from './order.entity.js';
import type { Tag } from './tag.entity.js';

@Controller()
export class OrderTagsController {
  constructor(private readonly tags: OrderTagsService) {}

  @Get('tags')
  list(): Promise<Tag[]> {
    return this.tags.list();
  }

  @Put('tags/:label')
  async relabel(@Param('label') label: string, @Body() request: RelabelDto): Promise<{ affected: number }> {
    return { affected: await this.tags.relabel(label, request.label) };
  }

  @Post('orders/:id/tags')
  @HttpCode(200)
  add(@Param('id', ParseIntPipe) id: number, @Body() { labels }: TagsDto): Promise<Order> {
    return this.tags.add(id, labels);
  }

  @Put('orders/:id/tags')
  replace(@Param('id', ParseIntPipe) id: number, @Body() { labels }: TagsDto): Promise<Order> {
    return this.tags.replace(id, labels);
  }

  @Patch('orders/:id/tags')
  saveTags(@Param('id', ParseIntPipe) id: number, @Body() { labels }: TagsDto): Promise<Order> {
    return this.tags.saveTags(id, labels);
  }

  @Delete('orders/:id/tags/:label')
  remove(@Param('id', ParseIntPipe) id: number, @Param('label') label: string): Promise<Order> {
    return this.tags.remove(id, label);
  }
}
