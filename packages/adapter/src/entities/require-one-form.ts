import { BackstoryError } from '../errors.js';
import { keyInSeveralForms, type PartMapping } from '../mapping/index.js';

/** Values that PostgreSQL takes for the same. */
const alike: Readonly<Record<string, string>> = {
  numeric: '1 and 1.00',
  bpchar: "'a' and 'a ', with a space",
  float4: '0 and -0',
  float8: '0 and -0',
};

/** @throws BackstoryError NOT_CAPTURABLE for a part that may name its root by another form of its key */
export function requireOneForm(mapping: PartMapping): void {
  const key = keyInSeveralForms(mapping);
  if (!key) return;
  const { root, path } = mapping.part;
  throw new BackstoryError(
    'NOT_CAPTURABLE',
    `"${root.entity}" can't own "${path}": its key "${key.property}" is of type ${key.typeName}, in which different values are equal, such as ${alike[key.typeName] ?? 'those that differ in case'}. A part may name it in another form, and would be in another stream.`,
    `Leave "${path}" out of "owns": its rows have streams of their own then.${key.typeName === 'numeric' ? ' Or declare both columns with the same precision and scale.' : ''}`,
  );
}
