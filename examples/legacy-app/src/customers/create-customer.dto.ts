import { Type } from 'class-transformer';
import { IsEmail, IsISO8601, IsObject, IsOptional, IsString, Length, ValidateNested } from 'class-validator';
import { AddressDto } from './address.dto.js';

export class CreateCustomerDto {
  @IsEmail()
  email: string;

  @IsString()
  @Length(1, 200)
  name: string;

  @IsOptional()
  @ValidateNested()
  @Type(() => AddressDto)
  billing?: AddressDto;

  @IsOptional()
  @ValidateNested()
  @Type(() => AddressDto)
  shipping?: AddressDto;

  @IsOptional()
  @IsObject()
  preferences?: Record<string, unknown>;

  @IsOptional()
  @IsISO8601({ strict: true })
  @Length(10, 10)
  birthday?: string;
}
