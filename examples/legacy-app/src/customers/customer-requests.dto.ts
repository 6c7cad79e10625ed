import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsInt,
  IsOptional,
  IsString,
  NotEquals,
  ValidateNested,
} from 'class-validator';
import { CreateCustomerDto } from './create-customer.dto.js';

export class LoyaltyPointsDto {
  @IsInt()
  @NotEquals(0)
  points: number;
}

export class CustomerIdsDto {
  @IsArray()
  @ArrayNotEmpty()
  @ArrayUnique()
  @IsInt({ each: true })
  ids: number[];
}

export class RenameCustomersDto extends CustomerIdsDto {
  @IsString()
  suffix: string;
}

export class ImportCustomersDto {
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(1000)
  @ValidateNested({ each: true })
  @Type(() => CreateCustomerDto)
  customers: CreateCustomerDto[];

  /** Leave out the ones whose email is known, instead of refusing the whole import. */
  @IsOptional()
  @IsBoolean()
  skipKnown?: boolean;
}
