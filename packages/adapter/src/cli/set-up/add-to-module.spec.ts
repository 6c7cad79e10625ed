import { addToModule } from './add-to-module.js';

const line = { configuration: './backstory.config', installedByMigration: false };

const generated = `import { Module } from '@nestjs/common';
import { AppController } from './app.controller';
import { AppService } from './app.service';

@Module({
  imports: [],
  controllers: [AppController],
  providers: [AppService],
})
export class AppModule {}
`;

describe('the line in a root module', () => {
  it('is put into the module that "nest new" makes', () => {
    expect(addToModule(generated, line)).toBe(`import { Module } from '@nestjs/common';
import { AppController } from './app.controller';
import { AppService } from './app.service';
import { BackstoryModule } from '@backstory/nest-module';
import backstoryOptions from './backstory.config';

@Module({
  imports: [BackstoryModule.forRoot(backstoryOptions)],
  controllers: [AppController],
  providers: [AppService],
})
export class AppModule {}
`);
  });

  it('comes last of several on one line, as an ES module, in double quotes, where a migration installs', () => {
    const source = `import { Module } from "@nestjs/common"
import { A } from "./a.js"
@Module({ providers: [{ provide: 'x', useValue: { imports: [] } }], imports: [A, B.forRoot({ imports: [C] })] })
export class AppModule {}`;
    expect(addToModule(source, { ...line, installedByMigration: true }))
      .toBe(`import { Module } from "@nestjs/common"
import { A } from "./a.js"
import { BackstoryModule } from "@backstory/nest-module"
import backstoryOptions from "./backstory.config.js"
@Module({ providers: [{ provide: 'x', useValue: { imports: [] } }], imports: [A, B.forRoot({ imports: [C] }), BackstoryModule.forRoot({ ...backstoryOptions, install: 'check' })] })
export class AppModule {}`);
  });

  it.each([
    ['with a comma', 'TypeOrmModule.forRoot({ url: "]" }),'],
    ['without one', 'TypeOrmModule.forRoot({ url: "]" })'],
    ['with a comment behind', 'TypeOrmModule.forRoot({ url: "]" }) // the ], database'],
  ])('comes last of several on lines, %s, and keeps the ends of lines', (_name, last) => {
    const source = [
      "import {\n  Module,\n} from 'x';",
      '@Module({',
      '\timports: [',
      `\t\t${last}`,
      '\t],',
      '})',
      'class A {}',
    ]
      .join('\n')
      .replaceAll('\n', '\r\n');
    const [code = '', comment = ''] = last.split(' // ');
    const withComma = `${code.endsWith(',') ? code : `${code},`}${comment === '' ? '' : ` // ${comment}`}`;
    expect(addToModule(source, line)).toBe(
      source
        .replace(
          "} from 'x';",
          `} from 'x';\r\nimport { BackstoryModule } from '@backstory/nest-module';\r\nimport backstoryOptions from './backstory.config';`,
        )
        .replace(last, `${withComma}\r\n\t\tBackstoryModule.forRoot(backstoryOptions),`),
    );
  });

  it.each([
    ['has it already', generated.replace('imports: []', 'imports: [BackstoryModule.forRoot()]')],
    ['has no imports', generated.replace('  imports: [],\n', '')],
    ['has imports from elsewhere', generated.replace('imports: []', 'imports: modules')],
    ['has several modules', `${generated}@Module({ imports: [] })\nclass Other {}`],
    ['has a module in a comment only', generated.replace('@Module({', '// @Module({\n({')],
    ['has no import declarations', generated.replaceAll(/^import.*\n/gm, '')],
    ['imports by require', `import x = require('x');\n${generated.replaceAll(/^import.*\n/gm, '')}`],
    ['is not whole', generated.slice(0, 200)],
  ])('is not put into one that %s', (_name, source) => {
    expect(addToModule(source, line)).toBeUndefined();
  });
});
