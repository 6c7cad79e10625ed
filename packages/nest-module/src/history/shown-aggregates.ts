import { Backstory, BackstoryError } from '@backstory/adapter';
import { Inject, Injectable } from '@nestjs/common';
import { HISTORY_BACKSTORY, HISTORY_OPTIONS } from './history.tokens.js';
import type { HistoryOptions, ShownAggregate } from './history-options.js';

/** What may be seen of the histories of each aggregate that the options name. */
@Injectable()
export class ShownAggregates {
  private known: ReadonlyMap<string, ShownAggregate> | undefined;

  constructor(
    @Inject(HISTORY_BACKSTORY) private readonly backstory: Backstory,
    @Inject(HISTORY_OPTIONS) private readonly options: HistoryOptions,
  ) {}

  /** Of the one with this category or entity; undefined where nothing may. */
  async find(name: string): Promise<Omit<ShownAggregate, 'aggregate'> | undefined> {
    const { aggregates } = this.options;
    if (!aggregates) return {};
    this.known ??= await this.byName(aggregates);
    return this.known.get(name);
  }

  private async byName(
    aggregates: NonNullable<HistoryOptions['aggregates']>,
  ): Promise<Map<string, ShownAggregate>> {
    const found = new Map<string, ShownAggregate>();
    for (const each of aggregates) {
      const shown = isShown(each) ? each : { aggregate: each };
      const name = nameOf(shown.aggregate);
      found.set(await this.category(name), shown);
      found.set(name, shown);
    }
    return found;
  }

  /** Of a topic that is its name. */
  private async category(name: string): Promise<string> {
    try {
      const [step] = await this.backstory.stages.nextSteps([name]);
      return step?.category ?? name;
    } catch (error) {
      if (BackstoryError.is(error, 'UNKNOWN_CATEGORY')) return name;
      throw error;
    }
  }
}

type Named = NonNullable<HistoryOptions['aggregates']>[number];

function isShown(named: Named): named is ShownAggregate {
  return typeof named === 'object' && 'aggregate' in named;
}

function nameOf(target: ShownAggregate['aggregate']): string {
  if (typeof target === 'string') return target;
  return typeof target === 'function' ? target.name : target.options.name;
}
