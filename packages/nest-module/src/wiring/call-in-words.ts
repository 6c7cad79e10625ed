/** A call as it stands in the application's source: `BackstoryModule.forRoot({ dataSource: 'audit' })`. */
export function forRootInWords(module: string, dataSource: string): string {
  return `${module}.forRoot(${dataSource === 'default' ? '' : `{ dataSource: '${dataSource}' }`})`;
}
