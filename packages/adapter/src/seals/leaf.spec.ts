import { blockHash, beforeTheFirst } from './block.js';
import { commitmentOf, leafOf, leafText } from './leaf.js';
import { inHex } from './seal-hash.js';

/** What is kept outside is compared with for years: none of these may ever change. */
describe('the format of seals', () => {
  const event = {
    globalPosition: '17',
    category: 'order',
    streamId: '42',
    streamPosition: '3',
    type: 'OrderShipped',
    change: 'u',
    schemaVersion: '1',
    recordedAt: '825672600124000',
    data: '{"status": "shipped", "to": "Zo\u00eb"}',
    metadata: '{"actor": "anna", "correlationId": "a\\"b"}',
  };
  const commitment = commitmentOf(event, '000102030405060708090a0b0c0d0e0f');

  it('of a commitment, a leaf and a block', () => {
    expect(commitment).toBe('15cd1063c28dd53591671c501d43fc4c1ca8d5d03c3e49eb0ca3fd1b15deff18');
    const metadata = JSON.parse(event.metadata) as Record<string, unknown>;
    expect(leafText(event, metadata, commitment)).toBe(
      `["backstory-leaf-1","17","order","42","3","OrderShipped","u","1","825672600124000",null,"a\\"b",null,null,"${commitment}"]`,
    );
    expect(inHex(leafOf(event, metadata, commitment))).toBe(
      'e88f55ba497de28d6aede7546e5fb6211c88892e0816ebce0c137321dd4c8df3',
    );
    const block = {
      number: 1,
      from: '1',
      to: '17',
      events: 16,
      gaps: '5',
      root: 'ab'.repeat(32),
      previous: beforeTheFirst,
      sealedAt: '2026-03-01T09:30:00.124Z',
    };
    expect(blockHash(block)).toBe('b80397170ab26145230559b6fda131495884c2f7c1dd4d7f83c3f239f4a21c92');
  });

  it('says no ids of metadata that are no text', () => {
    expect(leafText(event, { correlationId: 5, causationId: null, origin: 'repair' }, 'c')).toContain(
      '"825672600124000","repair",null,null,null,"c"]',
    );
  });
});
