import {
  IsDecimal,
  IsISO8601,
  IsInt,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
} from 'class-validator';

export class CouponDto {
  /** In percent, as text, such as "12.50". */
  @IsDecimal({ decimal_digits: '0,2' })
  @Matches(/^(\d{1,2}|100)(\.\d{1,2})?$/)
  discount: string;

  @IsISO8601({ strict: true })
  @Length(10, 10)
  expiresOn: string;
}

export class RenameCouponDto {
  @IsString()
  @Length(1, 40)
  code: string;
}

export class ReviewDto {
  @IsInt()
  @Min(1)
  @Max(5)
  rating: number;

  @IsOptional()
  @IsString()
  @MaxLength(5000)
  text?: string;
}
