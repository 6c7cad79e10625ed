-- A recorded value in the form of a type that it wasn't recorded with. Each form is an expression over the value's text, $1, made by
-- who asks; the first that can be computed counts, and the value itself where none can. Not for parallel workers, which
-- may not catch an error.
create function :schema.as_type(value jsonb, forms text[]) returns jsonb language plpgsql stable as $$
declare
  form text;
  result jsonb;
begin
  foreach form in array forms loop
    begin
      execute 'select ' || form into result using value #>> '{}';
      return coalesce(result, value);
    exception
      when data_exception or integrity_constraint_violation or syntax_error_or_access_rule_violation
        or feature_not_supported or program_limit_exceeded then null;
    end;
  end loop;
  return value;
end $$;
