/**
 * Where an event of a command has what the application says of it, beside the properties of the entity that it changes. No fold
 * looks there, so a column that is added later may have any of its names. No property can be called so.
 */
export const ownData = '$event';
