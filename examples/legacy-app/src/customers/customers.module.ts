import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CustomerBatchesController } from './customer-batches.controller.js';
import { CustomerBatchesService } from './customer-batches.service.js';
import { Customer } from './customer.entity.js';
import { CustomersController } from './customers.controller.js';
import { CustomersService } from './customers.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([Customer])],
  controllers: [CustomersController, CustomerBatchesController],
  providers: [CustomersService, CustomerBatchesService],
  exports: [CustomersService, CustomerBatchesService],
})
export class CustomersModule {}
