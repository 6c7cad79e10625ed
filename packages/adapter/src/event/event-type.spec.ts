import { defaultCategory, defaultEventTypes } from './event-type.js';

describe('default names', () => {
  it.each([
    ['Order', 'order', 'OrderCreated'],
    ['OrderLine', 'orderLine', 'OrderLineCreated'],
    ['order_tags_tag', 'orderTagsTag', 'OrderTagsTagCreated'],
    ['order', 'order', 'OrderCreated'],
    ['Überweisung', 'überweisung', 'ÜberweisungCreated'],
  ])('of %s are %s and %s', (entity, category, created) => {
    expect(defaultCategory(entity)).toBe(category);
    expect(defaultEventTypes(entity).created).toBe(created);
  });
});
