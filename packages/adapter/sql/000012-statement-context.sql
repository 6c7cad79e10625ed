-- The context that the application put in front of its statement: /*backstory {"actor":"anna"}*/ insert into ...
-- Every character that could end the comment is escaped inside the JSON, so the first */ is the end of ours. Always an
-- object: what somebody else has put there, and what is no object, is no context, and must not fail the statement.
create or replace function :schema.statement_context(statement text) returns jsonb language plpgsql immutable as $$
declare
  json constant text := case when left(statement, 12) = '/*backstory ' then substr(statement, 13, greatest(strpos(statement, '*/') - 13, 0)) end;
  context jsonb;
begin
  begin
    context := json;
  exception when others then
    context := :schema.encodable_context(json);
  end;
  if jsonb_typeof(context) is distinct from 'object' then return '{}'; end if;
  if context ? '$events' then return :schema.sound_intents(context); end if;
  return context;
end $$;

-- For a context that can't be stored as it is. A sign that the encoding of the database doesn't have stays escaped, as text:
-- it can be read and told from others, which a question mark could not. Null for what is no JSON.
create function :schema.encodable_context(context text) returns jsonb language plpgsql immutable as $$
begin
  return (
    select string_agg(
      case when t.token like E'\\\\u%' and not :schema.is_encodable(t.token) then replace(t.token, E'\\', E'\\\\') else t.token end,
      '' order by t.n)::jsonb
    from (
      select m.match[1] as token, m.n
      from regexp_matches(
        context, E'([^\\\\]+|\\\\u[dD][89abAB][0-9a-fA-F]{2}\\\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\\\u[0-9a-fA-F]{4}|\\\\.)', 'g'
      ) with ordinality m (match, n)) t);
exception when others then
  return null;
end $$;

-- Of one escaped sign of JSON, or a pair of surrogates.
create function :schema.is_encodable(escaped text) returns boolean language plpgsql immutable as $$
begin
  perform concat('"', escaped, '"')::jsonb;
  return true;
exception when others then
  return false;
end $$;

-- The names that scopes give to changes, in a form that the triggers can rely on.
create function :schema.sound_intents(context jsonb) returns jsonb language plpgsql immutable as $$
begin
  if jsonb_typeof(context -> '$events') <> 'array' then return context - '$events'; end if;
  if not exists (
    select from jsonb_array_elements(context -> '$events') e
    where jsonb_typeof(e) <> 'object' or e ? 'data' and jsonb_typeof(e -> 'data') <> 'object') then return context; end if;
  return jsonb_set(context, '{$events}', coalesce((
    select jsonb_agg(case when jsonb_typeof(e -> 'data') <> 'object' then e - 'data' else e end order by n)
    from jsonb_array_elements(context -> '$events') with ordinality x (e, n) where jsonb_typeof(e) = 'object'), '[]'));
end $$;
