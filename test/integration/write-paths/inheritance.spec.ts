import { Animal, Cat, Dog } from './entities.js';
import { type Ground, openGround } from './ground.js';
import { describeWritePaths } from './write-path.js';

const created = ['created AnimalCreated breed id kind lives name'];
const zoo = `insert into animal (kind, name, breed, lives)
  values ('Dog', 'rex', 'pug', null), ('Cat', 'tom', null, 9)`;

describe('single-table inheritance', () => {
  let ground: Ground;
  beforeAll(async () => {
    ground = await openGround([Animal, Dog, Cat]);
  });
  afterAll(() => ground.close());

  describeWritePaths(() => ground, {
    'save() and insert() by the repositories of children': {
      write: async (manager) => {
        await manager.save(manager.create(Dog, { name: 'rex', breed: 'pug' }));
        await manager.insert(Cat, { name: 'tom', lives: 9 });
      },
      events: { 'animal-1': created, 'animal-2': created },
    },
    'save() by the repository of the parent, of its own kind': {
      write: (manager) => manager.save(manager.create(Animal, { name: 'thing' })),
      events: { 'animal-1': created },
    },
    'save() of all kinds at once': {
      write: (manager) =>
        manager.save([manager.create(Cat, { name: 'tom', lives: 9 }), manager.create(Dog, { name: 'rex' })]),
      events: { 'animal-1': created, 'animal-2': created },
    },
    'update() by the repository of the child': {
      prepare: zoo,
      write: (manager) => manager.update(Dog, { id: 1 }, { name: 'max', breed: 'collie' }),
      events: { 'animal-1': ['updated AnimalUpdated breed name'] },
    },
    'update() by the repository of the parent': {
      prepare: zoo,
      write: (manager) => manager.update(Animal, { name: 'tom' }, { name: 'tim' }),
      events: { 'animal-2': ['updated AnimalUpdated name'] },
    },
    'save() of a child that the repository of the parent has found': {
      prepare: zoo,
      write: async (manager) => {
        const cat = (await manager.findOneByOrFail(Animal, { id: 2 })) as Cat;
        await manager.save(Object.assign(cat, { lives: 8 }));
      },
      events: { 'animal-2': ['updated AnimalUpdated lives'] },
    },
    'another kind': {
      prepare: zoo,
      write: `update animal set kind = 'Cat', breed = null, lives = 7 where id = 1`,
      events: { 'animal-1': ['updated AnimalUpdated breed kind lives'] },
    },
    'delete() by the repository of a child, and of the parent': {
      prepare: zoo,
      write: async (manager) => {
        await manager.delete(Cat, { name: 'tom' });
        await manager.delete(Animal, { id: 1 });
        await manager.delete(Dog, { id: 99 });
      },
      events: { 'animal-1': ['deleted AnimalDeleted'], 'animal-2': ['deleted AnimalDeleted'] },
    },
    'remove() by the repository of the parent': {
      prepare: zoo,
      write: async (manager) => manager.remove(await manager.find(Animal)),
      events: {
        'animal-1': ['deleted AnimalDeleted'],
        'animal-2': ['deleted AnimalDeleted'],
      },
    },
  });
});
