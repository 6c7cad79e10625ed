import { Converter, ReflectionKind } from 'typedoc';

/** A parameter that is taken apart where it is declared has no name of its own: it is always the options. @param {import('typedoc').Application} app */
export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE, (_context, reflection) => {
    if (reflection.kindOf(ReflectionKind.Parameter) && reflection.name === '__namedParameters')
      reflection.name = 'options';
  });
}
