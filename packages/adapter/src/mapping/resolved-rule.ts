/** An event rule whose values are in PostgreSQL's text form: fit to be compiled into a trigger, and to be stored. */
export interface ResolvedRule {
  readonly type: string;
  readonly on: 'created' | 'updated' | 'deleted';
  readonly when: ResolvedCondition;
}

export interface ResolvedCondition {
  /** Property and value; null for SQL's NULL. */
  readonly became?: readonly (readonly [property: string, value: string | null])[];
  readonly was?: readonly (readonly [property: string, value: string | null])[];
  readonly changed?: readonly string[];
  readonly changedOnly?: readonly string[];
  readonly anyOf?: readonly ResolvedCondition[];
  readonly allOf?: readonly ResolvedCondition[];
}
