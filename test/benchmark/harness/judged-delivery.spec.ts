import { judgedDelivery } from './judged-delivery.mjs';

const committed = new Map([
  ['a@1', 10],
  ['a@2', 10],
  ['a@3', 20],
  ['b@1', 20],
]);

function delivered(...events: string[]) {
  return events.map((event, index) => {
    const [streamId = '', position] = event.split('@');
    return { streamId, streamPosition: Number(position), at: 30 + index };
  });
}

describe('judgedDelivery', () => {
  it('finds nothing where everything came once and in the order of its stream', () => {
    expect(judgedDelivery(delivered('b@1', 'a@1', 'a@2', 'a@3'), committed)).toEqual({
      lost: 0,
      repeated: 0,
      outOfOrder: 0,
      delays: [10, 21, 22, 13],
    });
  });

  it('counts what never came', () => {
    expect(judgedDelivery(delivered('a@1', 'a@3'), committed)).toMatchObject({ lost: 2, outOfOrder: 0 });
  });

  it('counts what came after a later one of its stream, and not what came again', () => {
    expect(judgedDelivery(delivered('a@2', 'a@1', 'a@2', 'a@3', 'b@1'), committed)).toMatchObject({
      lost: 0,
      outOfOrder: 1,
      repeated: 1,
    });
  });

  it('leaves out what is not known to be committed', () => {
    expect(judgedDelivery(delivered('c@1', 'c@1'), committed)).toMatchObject({ lost: 4, repeated: 0 });
  });
});
