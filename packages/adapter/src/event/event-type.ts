/** The names that an entity's events have by default. */
export interface DefaultEventTypes {
  readonly created: string;
  /** Of the first event for a row that was there before capture. */
  readonly imported: string;
  readonly updated: string;
  readonly deleted: string;
  readonly softDeleted: string;
  readonly restored: string;
  readonly corrected: string;
  /** Of the event that says that values of the stream were erased. */
  readonly erased: string;
}

/** `Order` → OrderCreated, OrderUpdated, … */
export function defaultEventTypes(entityName: string): DefaultEventTypes {
  const noun = pascalCase(entityName);
  return {
    created: `${noun}Created`,
    imported: `${noun}Created`,
    updated: `${noun}Updated`,
    deleted: `${noun}Deleted`,
    softDeleted: `${noun}SoftDeleted`,
    restored: `${noun}Restored`,
    corrected: `${noun}Corrected`,
    erased: `${noun}Erased`,
  };
}

/** Of the event that says that orders were deleted without an event for each: `Order` → OrderUntracked. */
export function untrackedEventType(entityName: string): string {
  return `${pascalCase(entityName)}Untracked`;
}

/** `OrderLine` → orderLine, `order_tags_tag` → orderTagsTag. */
export function defaultCategory(entityName: string): string {
  const name = pascalCase(entityName);
  return name.charAt(0).toLowerCase() + name.slice(1);
}

function pascalCase(name: string): string {
  return name
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}
