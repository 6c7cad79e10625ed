import { IsISO31661Alpha2, IsOptional, IsString, Length, MaxLength } from 'class-validator';

export class AddressDto {
  @IsString()
  @Length(1, 200)
  street: string;

  @IsString()
  @Length(1, 100)
  city: string;

  @IsOptional()
  @IsString()
  @MaxLength(20)
  postalCode?: string;

  @IsISO31661Alpha2()
  country: string;
}
