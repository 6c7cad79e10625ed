import { proposedCategories } from './proposed-categories.js';

describe('proposedCategories', () => {
  const of = (...entities: string[]): Record<string, string> =>
    Object.fromEntries(
      [...proposedCategories(entities)].map(([entity, { category }]) => [entity, category.name]),
    );

  it('leaves the word Entity out, and begins with a word in small letters', () => {
    expect(of('UserEntity', 'CASSupplier', 'URL', 'SKUs', 'APIKeyEntity', 'order_entity', 'ÄÖBill')).toEqual({
      UserEntity: 'user',
      CASSupplier: 'casSupplier',
      URL: 'url',
      SKUs: 'skus',
      APIKeyEntity: 'apiKey',
      order_entity: 'order',
      ÄÖBill: 'äöBill',
    });
  });

  it('leaves names that are good', () => {
    expect(
      of('Order', 'OrderLine', 'Entity', 'Identity', 'OAuthToken', 'order_tags_tag', 'Nonentity'),
    ).toEqual({});
  });

  it('proposes no category that another entity has', () => {
    expect(of('User', 'UserEntity', 'APIKey', 'ApiKeyEntity')).toEqual({});
  });
});
