import { channel } from 'node:diagnostics_channel';
import { operate, type Operation, type OperationEnd } from './operation.js';

describe('operate', () => {
  const operations = channel('backstory:operation');
  let listener: (message: unknown) => void;

  function listen(on: (operation: Operation) => void): void {
    listener = (message) => on(message as Operation);
    operations.subscribe(listener);
  }

  afterEach(() => {
    operations.unsubscribe(listener);
  });

  const subject = () => ({ name: 'replay', attributes: { category: 'order' } }) as const;

  it('makes nothing without a subscriber', async () => {
    listen(() => undefined);
    operations.unsubscribe(listener);
    const never = (): never => {
      throw new Error('nobody listens');
    };
    const result = Promise.resolve(1);
    expect(operate(never, () => result, never)).toBe(result);
    await result;
  });

  it('tells the end, with the outcome or the error, and passes both on', async () => {
    const ends: OperationEnd[] = [];
    listen(({ onEnd }) => onEnd((end) => ends.push(end)));
    expect(
      await operate(
        subject,
        () => Promise.resolve(7),
        (streams) => ({ streams }),
      ),
    ).toBe(7);
    const error = new Error('no');
    await expect(
      operate(
        subject,
        () => Promise.reject(error),
        () => ({}),
      ),
    ).rejects.toBe(error);
    expect(ends).toEqual([
      { seconds: expect.any(Number), attributes: { streams: 7 } },
      { seconds: expect.any(Number), attributes: {}, error },
    ]);
  });

  it('runs the work inside of what subscribers ask for, the last one outermost', async () => {
    const order: string[] = [];
    listen(({ runInside }) => {
      for (const name of ['first', 'last'])
        runInside((work) => {
          order.push(name);
          return work();
        });
    });
    await operate(
      subject,
      () => {
        order.push('work');
        return Promise.resolve();
      },
      () => ({}),
    );
    expect(order).toEqual(['last', 'first', 'work']);
  });

  it('makes a listener that throws a warning, and nothing else', async () => {
    const warned = jest.spyOn(process, 'emitWarning').mockReturnValue();
    listen(({ onEnd }) =>
      onEnd(() => {
        throw new Error('a bad listener');
      }),
    );
    expect(
      await operate(
        subject,
        () => Promise.resolve(1),
        () => ({}),
      ),
    ).toBe(1);
    expect(warned).toHaveBeenCalledWith(expect.stringContaining('a bad listener'));
  });
});
