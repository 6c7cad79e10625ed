/**
 * What becomes of writes that no command explains, in stage `events`. `allow`: captured as ever, and counted. `refuse`: refused by the trigger, whoever writes.
 * `{ refuse: ['app'] }`: of these database roles and their members only, so that a DBA with a role of their own may still mend something.
 */
export type ResidualPolicy = 'allow' | 'refuse' | { readonly refuse: readonly string[] };

/** As the database has it: null refuses nobody, and no name everybody. */
export type RefusedRoles = readonly string[] | null;

export function refusedRoles(policy: ResidualPolicy): RefusedRoles {
  if (policy === 'allow') return null;
  return policy === 'refuse' ? [] : policy.refuse;
}

export function residualPolicy(roles: RefusedRoles): ResidualPolicy {
  if (roles === null) return 'allow';
  return roles.length === 0 ? 'refuse' : { refuse: roles };
}

export function residualInWords(policy: ResidualPolicy): string {
  if (policy === 'allow') return 'everybody may write';
  return policy === 'refuse'
    ? 'writes without a command are refused'
    : `writes of ${policy.refuse.join(', ')} without a command are refused`;
}
