import type { RecordedEvent } from '../../event/index.js';
import { toCloudEvent } from './cloud-event.js';
import { encodeCloudEvent } from './encode-cloud-event.js';

function event(metadata: RecordedEvent['metadata']): RecordedEvent {
  return {
    globalPosition: '7',
    category: 'order',
    streamId: '42',
    streamPosition: 3,
    type: 'OrderShipped',
    change: 'updated',
    schemaVersion: 1,
    data: { text: '50 % für Ä' },
    metadata,
    recordedAt: new Date(0),
  };
}

describe('a CloudEvent', () => {
  const known = { origin: 'capture', actor: 'ann', correlationId: 'c', causationId: 'd', traceparent: 't' };

  it('has what it knows of the metadata as attributes, and the rest as JSON', () => {
    expect(toCloudEvent(event(known as never), '/shop')).toMatchObject({
      actor: 'ann',
      correlationid: 'c',
      causationid: 'd',
      traceparent: 't',
      metadata: '{"origin":"capture"}',
    });
  });

  it('leaves out what is no text, and takes names of the application for what they are', () => {
    const named = JSON.parse('{"actor":null,"constructor":"x","__proto__":{"a":1},"toString":"y"}') as never;
    const made = toCloudEvent(event(named), '/shop');
    expect(made).not.toHaveProperty('actor');
    expect(made.metadata).toBe('{"constructor":"x","__proto__":{"a":1},"toString":"y"}');
    expect(toCloudEvent(event({} as never), '/shop')).not.toHaveProperty('metadata');
  });

  it('is carried in headers without its data, by the rules of each binding', () => {
    const made = toCloudEvent(event({ actor: 'Änne Ö' } as never), '/shop');
    const plain = encodeCloudEvent(made, 'binary', { prefix: 'ce_', percentEncoded: false });
    expect(plain.headers).toMatchObject({ ce_id: 'order-42@3', ce_actor: 'Änne Ö' });
    expect(plain.headers).not.toHaveProperty('ce_data');
    expect(plain.headers).not.toHaveProperty('ce_datacontenttype');
    const encoded = encodeCloudEvent(made, 'binary', {
      prefix: 'ce-',
      percentEncoded: true,
      contentTypeIsAttribute: true,
    });
    expect(encoded.headers).toMatchObject({
      'ce-actor': '%C3%84nne%20%C3%96',
      'ce-datacontenttype': 'application/json',
    });
    expect(JSON.parse(encoded.body)).toEqual({ text: '50 % für Ä' });
  });
});
