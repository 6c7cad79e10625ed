/**
 * For a transaction of ours: what it reads, it takes for all there is. Where policies of row-level security may hide rows from
 * the role, or from whoever else reads for it, PostgreSQL then refuses the statement instead of leaving them out. The
 * application's own statements are not in such a transaction.
 */
export const seeWholeTables = 'set local row_security = off';
