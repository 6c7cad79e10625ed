import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put } from '@nestjs/common';
import type { Coupon } from './coupon.entity.js';
import { CouponsService } from './coupons.service.js';
import { CouponDto, RenameCouponDto } from './marketing-requests.dto.js';

@Controller('coupons')
export class CouponsController {
  constructor(private readonly coupons: CouponsService) {}

  @Get()
  list(): Promise<Coupon[]> {
    return this.coupons.list();
  }

  @Get(':code')
  get(@Param('code') code: string): Promise<Coupon> {
    return this.coupons.get(code);
  }

  @Put(':code')
  put(@Param('code') code: string, @Body() request: CouponDto): Promise<Coupon> {
    return this.coupons.put(code, request);
  }

  @Post(':code/redeem')
  @HttpCode(200)
  redeem(@Param('code') code: string): Promise<Coupon> {
    return this.coupons.redeem(code);
  }

  @Post(':code/rename')
  @HttpCode(200)
  rename(@Param('code') code: string, @Body() request: RenameCouponDto): Promise<Coupon> {
    return this.coupons.rename(code, request.code);
  }

  @Delete(':code')
  @HttpCode(204)
  delete(@Param('code') code: string): Promise<void> {
    return this.coupons.delete(code);
  }
}
