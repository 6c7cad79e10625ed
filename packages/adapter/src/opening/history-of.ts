/** PostgreSQL schema of a tenant's history. */
export function historyOf(tenant: string, schema?: (tenant: string) => string): string {
  return schema?.(tenant) ?? `backstory_${tenant}`;
}
