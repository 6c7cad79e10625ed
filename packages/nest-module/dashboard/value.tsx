import type { Value } from './answers.js';

/** A value as JSON. It is text and nothing else, whatever is in it. */
export function ShownJson({ value }: { value: Value | null }) {
  if (value === null) return <span class="absent">none</span>;
  return (
    <code class="value">
      {value.json}
      {value.length !== undefined && (
        <span class="cut">… {value.length.toLocaleString('en')} characters in all</span>
      )}
    </code>
  );
}
