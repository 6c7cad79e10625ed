import { tenantHere } from './tenant-here.js';

/** A command of the command line, for the history that is looked at. */
export function commandHere(text: string): string {
  const tenant = tenantHere();
  return tenant === null ? text : `${text} --tenants ${tenant}`;
}
