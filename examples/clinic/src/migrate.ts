import dataSource from './data-source.js';

await dataSource.initialize();
for (const { name } of await dataSource.runMigrations({ transaction: 'each' })) console.log(name);
await dataSource.destroy();
