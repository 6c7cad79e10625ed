import { IsInt, Min } from 'class-validator';

export class NightlyDto {
  @IsInt()
  @Min(0)
  draftsOlderThanDays: number = 365;
}
