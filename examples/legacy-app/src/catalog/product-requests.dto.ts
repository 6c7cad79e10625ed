import { Type } from 'class-transformer';
import {
  ArrayNotEmpty,
  IsArray,
  IsBoolean,
  IsDecimal,
  IsIn,
  IsInt,
  IsNumber,
  IsOptional,
  IsString,
  IsUUID,
  Length,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import { PageQueryDto } from '../pagination/page-query.dto.js';

export class ListProductsDto extends PageQueryDto {
  @IsOptional()
  @IsIn(['book', 'gadget'])
  kind?: 'book' | 'gadget';

  @IsOptional()
  @IsString()
  keyword?: string;
}

export class UpdateProductDto {
  @IsOptional()
  @IsString()
  @Length(1, 200)
  name?: string;

  @IsOptional()
  @IsBoolean()
  active?: boolean;

  @IsOptional()
  @IsArray()
  @IsString({ each: true })
  keywords?: string[];
}

export class PriceDto {
  @IsDecimal({ decimal_digits: '0,2' })
  price: string;
}

export class ChangePricesDto {
  @IsNumber()
  @Min(-50)
  @Max(100)
  percent: number;

  @IsOptional()
  @IsString()
  keyword?: string;
}

export class RestockDto {
  @IsInt()
  @Min(1)
  @Max(100_000)
  quantity: number;
}

export class StocktakeDto {
  @IsInt()
  counted: number;
}

class StockLevelDto {
  @IsUUID('all')
  productId: string;

  @IsInt()
  @Min(0)
  stock: number;
}

export class StockFeedDto {
  @IsArray()
  @ArrayNotEmpty()
  @ValidateNested({ each: true })
  @Type(() => StockLevelDto)
  levels: StockLevelDto[];
}
