import { escapeIdentifier, escapeLiteral } from 'pg';
import type { TableName } from './model.js';

/** The test's own, so that a fault in Backstory's is seen. */
export const id = (name: string): string => escapeIdentifier(name);
export const text = (value: string): string => escapeLiteral(value);
export const named = ({ schema, name }: TableName): string => `${id(schema)}.${id(name)}`;
