/** Whether an event says that something of it was erased: values, or who has done it. */
export function isMarkedErased(metadata: object): boolean {
  return 'erased' in metadata || ('actor' in metadata && metadata.actor === 'erased');
}
