import 'reflect-metadata';
import { Backstory, currentContext, onEvent } from '../index.js';
import { backstoryWithoutDatabase, tenantsWithoutDatabase } from './index.js';

class Order {
  id: number;
}

const refused = (call: string): Error =>
  expect.objectContaining({
    code: 'NO_DATABASE',
    message: expect.stringContaining(`${call} needs a database`),
  }) as Error;

describe('a Backstory without a database', () => {
  it('says of what would ask one what it is', async () => {
    const backstory = backstoryWithoutDatabase();
    await expect(backstory.history(Order, '1')).rejects.toEqual(refused('backstory.history()'));
    await expect(backstory.handle(Order, 1, () => undefined)).rejects.toEqual(refused('backstory.handle()'));
    await expect(backstory.stages.get('order')).rejects.toEqual(refused('backstory.stages.get()'));
    await expect(backstory.consumers.wait('mailer')).rejects.toEqual(refused('backstory.consumers.wait()'));
    await expect(backstory.admin.overview()).rejects.toEqual(refused('backstory.admin.overview()'));
    expect(() => backstory.loadAll(Order)).toThrow(refused('backstory.loadAll()'));
    expect(() => backstory.upcast({} as never)).toThrow(refused('backstory.upcast()'));
  });

  it('does what needs none', async () => {
    const backstory = backstoryWithoutDatabase();
    const inside = backstory.runInContext({ actor: 'anna' }, () => currentContext()?.actor);
    expect(inside).toBe('anna');
    backstory.consumers
      .define({ name: 'mailer', handlers: [onEvent('OrderShipped', () => undefined)] })
      .relay({ name: 'broker', publisher: { publish: () => Promise.resolve() } });
    await backstory.consumers.start();
    expect(backstory.consumers.names()).toEqual(['mailer', 'broker']);
    backstory.consumers.forget('mailer');
    expect(backstory.consumers.names()).toEqual(['broker']);
    await backstory.consumers.stop();
    await Promise.all([backstory.shadowSettled(), backstory.snapshotsSettled(), backstory.close()]);
  });

  it('is one, and no promise', async () => {
    const backstory = backstoryWithoutDatabase();
    expect(backstory).toBeInstanceOf(Backstory);
    expect(await backstory).toBe(backstory); // eslint-disable-line @typescript-eslint/await-thenable -- what frameworks do with what they are given
  });

  it('takes what a test says of a method', async () => {
    const backstory = backstoryWithoutDatabase();
    const history = jest.spyOn(backstory, 'history').mockResolvedValue([]);
    expect(await backstory.history('order', '1')).toEqual([]);
    expect(history).toHaveBeenCalledWith('order', '1');
    history.mockRestore();
    await expect(backstory.history('order', '1')).rejects.toEqual(refused('backstory.history()'));
    await expect(backstoryWithoutDatabase().history('order', '1')).rejects.toMatchObject({
      code: 'NO_DATABASE',
    });
  });

  it('is the same for a tenant each time', async () => {
    const tenants = tenantsWithoutDatabase();
    const acme = await tenants.of('acme');
    expect(await tenants.of('acme')).toBe(acme);
    expect(await tenants.of('globex')).not.toBe(acme);
    expect(await tenants.names()).toEqual(['acme', 'globex']);
    await expect(tenants.each(() => Promise.resolve())).rejects.toEqual(refused('tenants.each()'));
    await tenants.close();
  });
});
