/** Which aggregates a command is for, by category or entity name. @defaultValue 'all' */
export interface AggregateFilter {
  aggregates?: 'all' | readonly string[];
}
