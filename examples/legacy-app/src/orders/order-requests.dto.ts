import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  ArrayUnique,
  IsArray,
  IsEnum,
  IsInt,
  IsOptional,
  IsString,
  IsUUID,
  Length,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { AddressDto } from '../customers/address.dto.js';
import { PageQueryDto } from '../pagination/page-query.dto.js';
import { OrderStatus } from './order-status.js';

export class QuantityDto {
  @IsInt()
  @Min(1)
  @Max(1000)
  quantity: number;
}

export class OrderLineDto extends QuantityDto {
  @IsUUID('all')
  productId: string;
}

export class CreateOrderDto {
  @IsInt()
  customerId: number;

  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(50)
  @ArrayUnique((line: OrderLineDto) => line.productId)
  @ValidateNested({ each: true })
  @Type(() => OrderLineDto)
  lines: OrderLineDto[];

  @IsOptional()
  @IsString()
  @MaxLength(40)
  couponCode?: string;

  /** Goes to the customer's own address when left out. */
  @IsOptional()
  @ValidateNested()
  @Type(() => AddressDto)
  shipping?: AddressDto;
}

export class ListOrdersDto extends PageQueryDto {
  @IsOptional()
  @IsEnum(OrderStatus)
  status?: OrderStatus;

  @IsOptional()
  @Type(() => Number)
  @IsInt()
  customerId?: number;
}

export class NoteDto {
  @IsString()
  @MaxLength(2000)
  note: string;
}

export class ShippingAddressDto {
  @ValidateNested()
  @Type(() => AddressDto)
  address: AddressDto;

  @IsInt()
  version: number;
}

export class ReassignDto {
  @IsInt()
  customerId: number;
}

export class TagsDto {
  @IsArray()
  @ArrayMaxSize(10)
  @ArrayUnique()
  @IsString({ each: true })
  @Length(1, 50, { each: true })
  labels: string[];
}

export class RelabelDto {
  @IsString()
  @Length(1, 50)
  label: string;
}
