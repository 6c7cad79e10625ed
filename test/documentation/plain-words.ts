/** What the public API's names are made of and everybody knows: English, TypeScript and NestJS. Words of Backstory are in docs/glossary.md. */
export const plainWords = new Set(
  `
  at basic current end ended entry estimate example failure for found in index invalid kind listed name named new next not of on outcome
  check compared format
  page progress record refused report requested result run search selection shared shown source start step unknown value violated
  wait wiring with wrong difference expected move threshold migration
  admin async mount authentication attribute batch batched class client code condition constraint control create database decorator definition
  emits entity environment error factory file filter get inject input instance key log logger module object option
  path property provider queries read secret selector sql store table token
  backstories sourced upcastable
  `
    .trim()
    .split(/\s+/),
);
