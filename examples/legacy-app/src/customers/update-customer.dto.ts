import { Type } from 'class-transformer';
import {
  IsEmail,
  IsISO8601,
  IsInt,
  IsOptional,
  IsString,
  Length,
  Min,
  ValidateNested,
} from 'class-validator';
import { AddressDto } from './address.dto.js';

export class UpdateCustomerDto {
  @IsOptional()
  @IsEmail()
  email?: string;

  @IsOptional()
  @IsString()
  @Length(1, 200)
  name?: string;

  @IsOptional()
  @ValidateNested()
  @Type(() => AddressDto)
  billing?: AddressDto;

  @IsOptional()
  @ValidateNested()
  @Type(() => AddressDto)
  shipping?: AddressDto;

  @IsOptional()
  @IsISO8601({ strict: true })
  @Length(10, 10)
  birthday?: string | null;

  /** The version the caller has seen; the change is refused when somebody else was faster. */
  @IsOptional()
  @IsInt()
  @Min(1)
  version?: number;
}
