import { Logger } from '@nestjs/common';
import { HistoryController, longestPage } from './history.controller.js';
import { historySchema } from './history-schema.js';

let described: Promise<void> | undefined;

/** Says to @nestjs/swagger what the route takes and answers, where the application has it. */
export function describeRoute(): Promise<void> {
  return (described ??= describe());
}

async function describe(): Promise<void> {
  const swagger = await installedSwagger();
  if (!swagger) return;
  const { prototype } = HistoryController;
  const descriptor = Object.getOwnPropertyDescriptor(prototype, 'page') as PropertyDescriptor;
  const { ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiParam, ApiQuery } = swagger;
  for (const decorate of [
    ApiOperation({ summary: 'The changes of one entity, newest first' }),
    ApiParam({ name: 'category', type: String, description: 'The category or the name of the entity' }),
    ApiParam({ name: 'id', type: String, description: 'The key, as events have it' }),
    ApiQuery({
      name: 'limit',
      required: false,
      schema: { type: 'integer', minimum: 1, maximum: longestPage },
      description: 'Entries of a page',
    }),
    ApiQuery({
      name: 'before',
      required: false,
      schema: { type: 'integer', minimum: 1 },
      description: 'Entries before this position: "before" of the page before',
    }),
    ApiOkResponse({ schema: historySchema as never }),
    ApiNotFoundResponse({ description: 'There is no history of it' }),
  ])
    decorate(prototype, 'page', descriptor);
}

/** CommonJS and ES modules each find it in their own way: this is compiled to `require` for the one. */
async function installedSwagger(): Promise<typeof import('@nestjs/swagger') | undefined> {
  try {
    return await import('@nestjs/swagger');
  } catch (error) {
    const { code, message } = error as { code?: string; message?: string };
    const isMissing = /MODULE_NOT_FOUND$/.test(code ?? '') && message?.includes('@nestjs/swagger');
    // the application starts without the description, and whoever looks for it is told why it is missing
    if (!isMissing)
      new Logger('Backstory').warn(
        `The history's route is not described in the OpenAPI document: @nestjs/swagger could not be loaded (${message})`,
      );
    return undefined;
  }
}
