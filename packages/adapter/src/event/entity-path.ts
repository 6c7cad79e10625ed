/** What stands in an event as text: PostgreSQL prints it, or a JSON number could not hold it. */
export type Text = Date | bigint | Uint8Array;
export type Scalar = string | number | boolean | Text | null | undefined;
export type AnyFunction = (...args: never[]) => unknown;

export type IsAny<Value> = 0 extends 1 & Value ? true : false;

/** A relation that is loaded lazily is that of what it promises. */
export type Held<Value> = NonNullable<Awaited<Value>>;

/** The names of properties that may be stored; methods are not. */
type Names<Entity> = {
  [Key in keyof Entity & string]-?: IsAny<Entity[Key]> extends true
    ? Key
    : Held<Entity[Key]> extends AnyFunction
      ? never
      : Key;
}[keyof Entity & string];

/** Where another dot may follow: embedded entities and relations, and no document with keys of any name. */
type Nested<Entity> = {
  [Key in Names<Entity>]: IsAny<Entity[Key]> extends true
    ? never
    : Held<Entity[Key]> extends Scalar | readonly unknown[]
      ? never
      : string extends keyof Held<Entity[Key]>
        ? never
        : Key;
}[Names<Entity>];

/** Lists of entities: what an aggregate `owns` stands there. */
type Lists<Entity> = {
  [Key in Names<Entity>]: IsAny<Entity[Key]> extends true
    ? never
    : Held<Entity[Key]> extends readonly (infer Each)[]
      ? Each extends Scalar
        ? never
        : Key
      : never;
}[Names<Entity>];

/** Values of their own, such as embedded entities: nothing that leads to other entities, of which there would be too many for the compiler. */
type Values<Entity> = {
  [Key in Nested<Entity>]: [Nested<Held<Entity[Key]>> | Lists<Held<Entity[Key]>>] extends [never]
    ? Key
    : never;
}[Nested<Entity>];

type ValuePath<Entity> = {
  [Key in Values<Entity>]: `${Key}.${Names<Held<Entity[Key]>>}`;
}[Values<Entity>];

type ElementOf<List> = List extends readonly (infer Each)[] ? Each : never;

/** Of a property, one of a relation or an embedded entity, one of a value in such a one, and parts of parts. */
export type EntityPath<Entity> =
  | Names<Entity>
  | {
      [Key in Nested<Entity>]: `${Key}.${Names<Held<Entity[Key]>> | ValuePath<Held<Entity[Key]>>}`;
    }[Nested<Entity>]
  | { [Key in Lists<Entity>]: `${Key}.${Lists<ElementOf<Held<Entity[Key]>>>}` }[Lists<Entity>];
