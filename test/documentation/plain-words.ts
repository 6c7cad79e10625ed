/** What the public API's names are made of and everybody knows: English, TypeScript and NestJS. Words of Backstory are in docs/glossary.md. */
export const plainWords = new Set(
  `
  at current end ended estimate example failure for found in invalid kind name named new next not of on outcome
  page progress record refused report requested result run selection shown source start step target unknown value violated
  wait with wrong difference expected move threshold migration
  admin async attribute batch batched class client code condition constraint control create database decorator definition
  emits entity environment error factory file filter get inject input instance key log logger module object option
  path property provider queries read selector sql store table token
  backstories sourced upcastable
  `
    .trim()
    .split(/\s+/),
);
