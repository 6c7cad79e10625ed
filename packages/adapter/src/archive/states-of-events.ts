import { quoteIdentifier, quoteLiteral } from '../database/index.js';
import { markOf, ownData } from '../event/index.js';
import { type EntityMapping, settledStateSql } from '../mapping/index.js';
import { type ErasedValues, type ReplayedStream, settledAggregate } from '../replay/index.js';
import type { StatesSource } from './write-stand-ins.js';

/**
 * The states of streams without a row, as their archived events tell them. Folded inside the database, where no digit is lost; only what code
 * upcasts is taken from `replayed`.
 */
export function statesOfEvents(
  mapping: EntityMapping,
  schema: string,
  ids: readonly string[],
  replayed: ReadonlyMap<string, ReplayedStream>,
): StatesSource {
  // their values are null by now: that they are erased, nobody could see
  const marks = `array(select jsonb_array_elements_text(($5::jsonb) -> m.id))`;
  const marksOfStreams = JSON.stringify(
    Object.fromEntries([...replayed].map(([id, { erased }]) => [id, marksOf(erased)])),
  );
  if (!mapping.foldsInSql) {
    const states = ids.map((id) => {
      const stream = replayed.get(id);
      return stream ? JSON.stringify(settledAggregate(mapping, stream)) : null;
    });
    return {
      before: '',
      joins: `join unnest($1::text[], $6::json[]) c (id, state) using (id)`,
      marks,
      values: [marksOfStreams, states],
    };
  }
  const name = quoteIdentifier(schema);
  const ofStream = `v.category = ${quoteLiteral(mapping.category)} and v.stream_id = m.id and v.stream_position <= m.through`;
  const events = `${name}.archived_events v`;
  const paths = mapping.parts.map(({ part }) => quoteLiteral(part.path));
  const others = [quoteLiteral(ownData), ...paths].join(', ');
  const members = mapping.parts.map((part, nth) => {
    const state = settledStateSql(part, schema, 'x.state');
    return `${paths[nth]}, coalesce((
         select jsonb_object_agg(x.id, ${state}) from (
           select r.id, ${name}.fold_part(r.patch order by v.stream_position) as state
           from ${events} cross join lateral json_each(v.data -> ${paths[nth]}) r (id, patch)
           where v.change <> 'n' and ${ofStream} group by r.id) x where x.state is not null), '{}')`;
  });
  const root = settledStateSql(mapping, schema, 'f.state');
  return {
    before: '',
    joins: `cross join lateral (
       select ${name}.fold(v.change, v.data order by v.stream_position) - array[${others}]::text[] as state from ${events} where ${ofStream}
     ) f
     cross join lateral (select (${root} || jsonb_build_object(${members.join(', ')}))::json as state where f.state is not null) c`,
    marks,
    values: [marksOfStreams],
  };
}

function marksOf(erased: ErasedValues | undefined): string[] {
  const ofParts = [...(erased?.parts ?? [])].flatMap(([path, ids]) =>
    [...ids].flatMap(([id, properties]) => [...properties].map((property) => markOf([path, id, property]))),
  );
  return [...[...(erased?.root ?? [])].map((property) => markOf([property])), ...ofParts];
}
