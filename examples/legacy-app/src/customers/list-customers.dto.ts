import { IsOptional, IsString, Length } from 'class-validator';
import { PageQueryDto } from '../pagination/page-query.dto.js';

export class ListCustomersDto extends PageQueryDto {
  /** Part of the name or of the email. */
  @IsOptional()
  @IsString()
  @Length(1, 100)
  search?: string;

  @IsOptional()
  @IsString()
  @Length(2, 2)
  country?: string;
}
