import {
  ArrayMaxSize,
  IsArray,
  IsDecimal,
  IsInt,
  IsISBN,
  IsObject,
  IsOptional,
  IsString,
  Length,
  Max,
  Min,
} from 'class-validator';

class CreateProductDto {
  @IsString()
  @Length(1, 40)
  sku: string;

  @IsString()
  @Length(1, 200)
  name: string;

  /** As text, such as "12.50". */
  @IsDecimal({ decimal_digits: '0,2' })
  price: string;

  @IsOptional()
  @IsInt()
  @Min(0)
  stock?: number;

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(20)
  @IsString({ each: true })
  keywords?: string[];
}

export class CreateBookDto extends CreateProductDto {
  @IsISBN()
  isbn: string;

  @IsOptional()
  @IsInt()
  @Min(1)
  pages?: number;
}

export class CreateGadgetDto extends CreateProductDto {
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(120)
  warrantyMonths?: number;

  @IsOptional()
  @IsObject()
  specs?: Record<string, unknown>;
}
