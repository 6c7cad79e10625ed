import type { EntityMapping } from '../mapping/index.js';
import { type AggregateRow, partInWords } from './aggregate-row.js';
import { columnName } from '../entities/index.js';
import { keyForm } from './key-form.js';
import { refusedChange } from './refused-change.js';

/** @throws BackstoryError COMMAND_REFUSED for a part whose foreign key says that it is another's */
export function requireOwner(root: EntityMapping, row: AggregateRow): void {
  const { mapping, metadata, entity, parent } = row;
  if (!mapping.part || !parent) return;
  mapping.part.columns.forEach((name, index) => {
    const column = metadata.columns.find((each) => columnName(each) === name);
    const referenced = mapping.part?.referenced[index];
    const value: unknown = column?.getEntityValue(entity);
    if (value === undefined) return;
    const owner: unknown = parent.metadata.columns
      .find((each) => columnName(each) === referenced)
      ?.getEntityValue(parent.entity);
    if (keyForm(value) === keyForm(owner)) return;
    throw refusedChange(
      root,
      `says by "${column?.propertyPath}" that ${partInWords(row)} is part of another`,
      'A part stays with its root: take it out of the relation, and let a command on the other root add one.',
    );
  });
}
