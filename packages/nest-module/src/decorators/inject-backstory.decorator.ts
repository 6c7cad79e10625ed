import { Inject } from '@nestjs/common';
import { getBackstoryToken } from '../backstory.tokens.js';

/**
 * Injects the `Backstory` instance: `constructor(@InjectBackstory() private readonly backstory: Backstory)`.
 * Takes the name of the DataSource where there are several.
 * @example constructor(@InjectBackstory() private readonly backstory: Backstory) {}
 */
export const InjectBackstory = (dataSource?: string): PropertyDecorator & ParameterDecorator =>
  Inject(getBackstoryToken(dataSource));
