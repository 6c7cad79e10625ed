import 'reflect-metadata';
import { Applies } from '@backstory/adapter';
import {
  type Aggregates,
  BackstoryModule,
  IdempotencyKey,
  InjectAggregates,
  type RequestedCommand,
} from '@backstory/nest-module';
import {
  Body,
  type CallHandler,
  Controller,
  type DynamicModule,
  Injectable,
  type NestInterceptor,
  Param,
  ParseIntPipe,
  Post,
  UseInterceptors,
} from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { setTimeout as sleep } from 'node:timers/promises';
import { mergeMap, type Observable } from 'rxjs';
import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

export class PurseOpened {
  constructor(readonly owner: string) {}
}

export class MoneySpent {
  constructor(readonly cents: number) {}
}

@Entity()
export class Purse {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text' })
  owner: string;

  @Column({ type: 'int', default: 1000 })
  cents: number;

  @Applies(PurseOpened)
  opened({ owner }: PurseOpened): void {
    this.owner = owner;
  }

  @Applies(MoneySpent)
  spent({ cents }: MoneySpent): void {
    this.cents -= cents;
  }
}

export class TooLittle extends Error {}

/** Kills the process when a command has committed and nobody has heard of it, if DIE_BEFORE_ANSWER says so. */
@Injectable()
class DieBeforeAnswer implements NestInterceptor {
  intercept(_execution: unknown, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(
      mergeMap(async (answer: unknown) => {
        if (process.env['DIE_BEFORE_ANSWER']) process.kill(process.pid, 'SIGKILL');
        await sleep(0);
        return answer;
      }),
    );
  }
}

@Controller('purses')
@UseInterceptors(DieBeforeAnswer)
class PursesController {
  /** How often a decision was asked for. */
  static asked = 0;

  constructor(@InjectAggregates(Purse) private readonly purses: Aggregates<Purse>) {}

  @Post()
  open(@Body() { owner }: { owner: string }, @IdempotencyKey() once: RequestedCommand): Promise<Purse> {
    return this.purses.create(() => new PurseOpened(owner), once);
  }

  @Post('for-anybody')
  openForAnybody(
    @IdempotencyKey({ scope: () => 'anybody', required: false }) once: RequestedCommand,
  ): Promise<Purse> {
    return this.purses.create(() => new PurseOpened('anybody'), once);
  }

  @Post(':id/spend')
  spend(
    @Param('id', ParseIntPipe) id: number,
    @Body() { cents }: { cents: number },
    @IdempotencyKey() once: RequestedCommand,
  ): Promise<Purse> {
    return this.purses.handle(
      id,
      async (purse) => {
        PursesController.asked++;
        await sleep(20);
        if (purse.cents < cents) throw new TooLittle();
        return new MoneySpent(cents);
      },
      { ...once, retries: 50 },
    );
  }
}

export const asked = (): number => PursesController.asked;

class PurseShopModule {}

export function purseShop(url: string): DynamicModule {
  return {
    module: PurseShopModule,
    imports: [
      TypeOrmModule.forRoot({ type: 'postgres', url, entities: [Purse], synchronize: true, poolSize: 20 }),
      BackstoryModule.forRoot({
        context: (execution) => ({
          actor: execution.switchToHttp().getRequest<{ headers: Record<string, string> }>().headers['x-user'],
        }),
      }),
      BackstoryModule.forFeature([Purse]),
    ],
    controllers: [PursesController],
  };
}
