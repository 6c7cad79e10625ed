/** As operators see it in the tables of consumers. */
export function errorInWords(error: unknown): string {
  return (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(0, 2000);
}
