import { Backstory, BackstoryError, diff, type HistoryEntry } from '@backstory/adapter';
import { BadRequestException, Get, Inject, NotFoundException, Param, Query } from '@nestjs/common';
import { HISTORY_BACKSTORY, HISTORY_OPTIONS } from './history.tokens.js';
import type { HistoryOptions } from './history-options.js';
import { ShownAggregates } from './shown-aggregates.js';
import { shownEntries } from './shown-history.js';

/** Some entries of a history, newest first. */
export interface HistoryPage {
  readonly category: string;
  readonly id: string;
  readonly entries: readonly HistoryEntry[];
  /** For the next page: `?before=…`. Null where this is the last. */
  readonly before: number | null;
}

/** Entries that a request may ask for at once. */
export const longestPage = 500;

/** The route. Guards have seen to it that the request may read. */
export class HistoryController {
  constructor(
    @Inject(HISTORY_BACKSTORY) private readonly backstory: Backstory,
    @Inject(ShownAggregates) private readonly aggregates: ShownAggregates,
    @Inject(HISTORY_OPTIONS) private readonly options: HistoryOptions,
  ) {}

  @Get(':category/:id')
  async page(
    @Param('category') category: string,
    @Param('id') id: string,
    @Query('limit') limit?: unknown,
    @Query('before') before?: unknown,
  ): Promise<HistoryPage> {
    const shown = await this.aggregates.find(category);
    if (!shown) throw unknown(category);
    const size = number(limit, 'limit', longestPage) ?? this.options.limit ?? 50;
    const end = number(before, 'before', Number.MAX_SAFE_INTEGER);
    const entries = shownEntries(await this.entries(category, id, end), shown);
    const page = entries.slice(-size).reverse();
    const oldest = page.at(-1)?.position ?? null;
    return { category, id, entries: page, before: entries.length > size ? oldest : null };
  }

  /** From the first event on, because what was before an event is told by those before it. */
  private async entries(category: string, id: string, before: number | undefined): Promise<HistoryEntry[]> {
    const until = before === undefined ? {} : { version: before - 1 };
    const events = await this.backstory.history(category, id, until).catch((error: unknown) => {
      if (BackstoryError.is(error, 'UNKNOWN_CATEGORY')) throw unknown(category);
      if (BackstoryError.is(error, 'TEXT_UNREADABLE')) throw nothing(category);
      throw error;
    });
    if (events.length === 0 && before === undefined) throw nothing(category);
    return diff(events);
  }
}

function unknown(category: string): NotFoundException {
  return new NotFoundException(`There are no histories of "${category}" here.`);
}

function nothing(category: string): NotFoundException {
  return new NotFoundException(`There is no history of such a "${category}".`);
}

function number(value: unknown, name: string, highest: number): number | undefined {
  if (value === undefined || value === '') return undefined;
  const found = typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN;
  if (Number.isSafeInteger(found) && found >= 1 && found <= highest) return found;
  throw new BadRequestException(
    name === 'limit'
      ? `"limit" has to be a whole number from 1 to ${highest}.`
      : `"${name}" has to be a position of the history.`,
  );
}
