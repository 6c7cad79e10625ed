/**
 * An audit trigger as a team writes it by hand, or copies it: one generic function for every table, row by row, with the
 * whole row before and after as jsonb. It knows no names of properties, and can't be replayed into an entity.
 */
export const auditTrigger = `
  create table audit_row (
    id bigint generated always as identity primary key,
    table_name text not null,
    row_id text not null,
    action text not null,
    old_row jsonb,
    new_row jsonb,
    recorded_at timestamptz not null default clock_timestamp(),
    recorded_by text not null default current_user
  );
  create index on audit_row (table_name, row_id);
  create function audit_row() returns trigger language plpgsql as $$
  begin
    if tg_op = 'INSERT' then
      insert into audit_row (table_name, row_id, action, new_row) values (tg_table_name, new.id, tg_op, to_jsonb(new));
    elsif tg_op = 'UPDATE' then
      insert into audit_row (table_name, row_id, action, old_row, new_row)
        values (tg_table_name, new.id, tg_op, to_jsonb(old), to_jsonb(new));
    else
      insert into audit_row (table_name, row_id, action, old_row) values (tg_table_name, old.id, tg_op, to_jsonb(old));
    end if;
    return null;
  end $$;
  create trigger audit_row after insert or update or delete on article for each row execute function audit_row();
`;
