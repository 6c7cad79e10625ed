import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { CustomerBatchesService } from './customer-batches.service.js';
import { CustomerIdsDto, ImportCustomersDto, RenameCustomersDto } from './customer-requests.dto.js';

interface Affected {
  affected: number;
}

@Controller('customer-batches')
export class CustomerBatchesController {
  constructor(private readonly batches: CustomerBatchesService) {}

  @Post('import')
  async import(@Body() { customers, skipKnown }: ImportCustomersDto): Promise<Affected> {
    return {
      affected: await (skipKnown ? this.batches.importUnknown(customers) : this.batches.import(customers)),
    };
  }

  @Post('rename')
  @HttpCode(200)
  async rename(@Body() { ids, suffix }: RenameCustomersDto): Promise<Affected> {
    return { affected: await this.batches.addToNames(ids, suffix) };
  }

  @Post('archive')
  @HttpCode(200)
  async archive(@Body() { ids }: CustomerIdsDto): Promise<Affected> {
    return { affected: await this.batches.archive(ids) };
  }

  @Post('reactivate')
  @HttpCode(200)
  async reactivate(@Body() { ids }: CustomerIdsDto): Promise<Affected> {
    return { affected: await this.batches.reactivate(ids) };
  }

  @Post('forget')
  @HttpCode(200)
  async forget(@Body() { ids }: CustomerIdsDto): Promise<Affected> {
    return { affected: await this.batches.forget(ids) };
  }
}
