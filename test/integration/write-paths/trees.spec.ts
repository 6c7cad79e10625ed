import type { EntityManager } from 'typeorm';
import { Chapter, Folder, Page } from './entities-trees.js';
import { type Ground, openGround } from './ground.js';
import { describeWritePaths } from './write-path.js';

type Node = typeof Folder | typeof Page | typeof Chapter;

/** Saves the nodes one after the other: 1 with the children 2 and 3, and 4 below 2. */
const tree = (entity: Node) => async (manager: EntityManager) => {
  const repository = manager.getTreeRepository<Folder>(entity);
  const root = await repository.save(repository.create({ name: 'root' }));
  const left = await repository.save(repository.create({ name: 'left', parent: root }));
  await repository.save(repository.create({ name: 'right', parent: root }));
  await repository.save(repository.create({ name: 'leaf', parent: left }));
};

const move =
  (entity: Node, id: number, parentId: number | null) =>
  async (manager: EntityManager): Promise<void> => {
    const repository = manager.getTreeRepository<Folder>(entity);
    const node = await repository.findOneOrFail({ where: { id }, relations: { parent: true } });
    node.parent = parentId === null ? null : await repository.findOneByOrFail({ id: parentId });
    await repository.save(node);
  };

const path = ['created FolderClosureCreated id_ancestor id_descendant'];
const noPath = ['deleted FolderClosureDeleted'];

describe('trees', () => {
  let ground: Ground;
  beforeAll(async () => {
    ground = await openGround([Folder, Page, Chapter]);
  });
  afterAll(() => ground.close());

  describeWritePaths(() => ground, {
    'closure table: a new leaf': {
      prepare: tree(Folder),
      write: async (manager) => {
        const parent = await manager.findOneByOrFail(Folder, { id: 4 });
        await manager.save(manager.create(Folder, { name: 'new', parent }));
      },
      events: {
        'folder-5': ['created FolderCreated id name parent.id'],
        'folderClosure-1:5': path,
        'folderClosure-2:5': path,
        'folderClosure-4:5': path,
        'folderClosure-5:5': path,
      },
    },
    'closure table: a branch moved': {
      prepare: tree(Folder),
      write: move(Folder, 2, 3),
      events: {
        'folder-2': ['updated FolderUpdated parent.id'],
        // TypeORM takes away every path from above into the branch, and writes the new ones
        'folderClosure-1:2': [...noPath, ...path],
        'folderClosure-1:4': [...noPath, ...path],
        'folderClosure-3:2': path,
        'folderClosure-3:4': path,
      },
    },
    'closure table: a branch removed': {
      prepare: tree(Folder),
      write: async (manager) => manager.remove(await manager.findOneByOrFail(Folder, { id: 2 })),
      events: {
        'folder-2': ['deleted FolderDeleted'],
        'folder-4': ['deleted FolderDeleted'],
        'folderClosure-1:2': noPath,
        'folderClosure-2:2': noPath,
        'folderClosure-1:4': noPath,
        'folderClosure-2:4': noPath,
        'folderClosure-4:4': noPath,
      },
    },
    'materialized path: a new leaf': {
      prepare: tree(Page),
      write: async (manager) => {
        const parent = await manager.findOneByOrFail(Page, { id: 4 });
        await manager.save(manager.create(Page, { name: 'new', parent }));
      },
      // inserted without a path, which TypeORM sets when it knows the id
      events: { 'page-5': ['created PageCreated id mpath name parent.id', 'updated PageUpdated mpath'] },
    },
    'materialized path: a branch moved': {
      prepare: tree(Page),
      write: move(Page, 2, 3),
      events: {
        'page-2': ['updated PageUpdated mpath', 'updated PageUpdated parent.id'],
        'page-4': ['updated PageUpdated mpath'],
      },
    },
    'materialized path: a leaf removed': {
      prepare: tree(Page),
      write: async (manager) => manager.remove(await manager.findOneByOrFail(Page, { id: 4 })),
      events: { 'page-4': ['deleted PageDeleted'] },
    },
    'nested set: a new leaf, which shifts the others': {
      prepare: tree(Chapter),
      write: async (manager) => {
        const parent = await manager.findOneByOrFail(Chapter, { id: 2 });
        await manager.save(manager.create(Chapter, { name: 'new', parent }));
      },
      events: {
        'chapter-1': ['updated ChapterUpdated nsright'],
        'chapter-2': ['updated ChapterUpdated nsright'],
        'chapter-3': ['updated ChapterUpdated nsleft nsright'],
        'chapter-5': ['created ChapterCreated id name nsleft nsright parent.id'],
      },
    },
    'nested set: a branch moved': {
      prepare: tree(Chapter),
      write: move(Chapter, 2, 3),
      events: {
        'chapter-2': ['updated ChapterUpdated nsleft nsright', 'updated ChapterUpdated parent.id'],
        'chapter-3': ['updated ChapterUpdated nsleft'],
        'chapter-4': ['updated ChapterUpdated nsleft nsright'],
      },
    },
    'nested set: a leaf removed, which shifts the others': {
      prepare: tree(Chapter),
      write: async (manager) => manager.remove(await manager.findOneByOrFail(Chapter, { id: 4 })),
      events: {
        'chapter-1': ['updated ChapterUpdated nsright'],
        'chapter-2': ['updated ChapterUpdated nsright'],
        'chapter-3': ['updated ChapterUpdated nsleft nsright'],
        'chapter-4': ['deleted ChapterDeleted'],
      },
    },
  });
});
