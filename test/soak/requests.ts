import type { DataSource, EntityManager } from 'typeorm';
import type { Random } from '../library/random.js';
import { isGone, type Note, note, type Row } from './ledger.js';
import { type ColumnShape, type EntityShape, quoted, type Release } from './release.js';
import type { Soak } from './soak.js';
import { canonical } from './unique-values.js';

/** What an instance has read isn't what it had written just before. */
class WrongRead extends Error {
  override readonly name = 'WrongRead';
}

class Undo extends Error {}

type Values = Record<string, unknown>;

/** One writer of an instance: requests as an application has them, each by itself or several in a transaction. */
export class Requests {
  private readonly rows: Row[] = [];
  /** Of the transaction that is open. */
  private pending: Note[] = [];

  constructor(
    private readonly soak: Soak,
    private readonly dataSource: DataSource,
    private readonly release: Release,
    private readonly random: Random,
  ) {}

  async next(): Promise<void> {
    const { random, soak, release } = this;
    const entity = random.pick(release.entities)!;
    const kind = random.next();
    if (kind < 0.12) {
      const entities = release.entities.filter(() => random.chance(0.5));
      await soak.request(release, entities, () => this.transaction(entities));
    } else if (kind < 0.32) await this.insert(entity);
    else if (kind < 0.4) await this.delete(entity);
    else if (kind < 0.5) await this.read(entity);
    else {
      const row = this.pick(entity, random.chance(0.5));
      if (row) await soak.request(release, [entity], () => this.update(this.dataSource.manager, entity, row));
    }
  }

  /** What this writer leaves behind belongs to all. */
  end(): void {
    this.soak.ledger.shared.push(
      ...this.rows.filter((row) => !isGone(row)).map((row) => ({ ...row, shared: true })),
    );
  }

  private pick(entity: EntityShape, own: boolean): Row | undefined {
    const rows = own ? this.rows : this.soak.ledger.shared;
    return this.random.pick(rows.filter((row) => row.entity === entity.key && !isGone(row)));
  }

  private parentOf(entity: EntityShape): EntityShape | undefined {
    return this.release.entities.find(({ key }) => key === entity.parent);
  }

  private valuesOf(columns: readonly ColumnShape[]): Values {
    return Object.fromEntries(
      columns.map((column) => [column.property, this.soak.values.of(column, this.random)]),
    );
  }

  private notes(entity: EntityShape, id: string | number, values: Values): Note[] {
    return entity.columns
      .filter(({ property }) => property in values)
      .flatMap((column) => note(entity, id, column, values[column.property], this.release.number));
  }

  private async insert(entity: EntityShape): Promise<void> {
    const { random, dataSource, soak } = this;
    const above = this.parentOf(entity);
    const parent = above && this.pick(above, random.chance(0.5));
    if (above && !parent) return;
    const child = random.chance(0.3)
      ? this.release.entities.find((each) => each.parent === entity.key)
      : undefined;
    const entities = [above, entity, child].filter((each) => each !== undefined);
    await soak.request(this.release, entities, async () => {
      const values = this.valuesOf(entity.columns);
      const given = { ...values, ...(parent && { parent: { id: parent.id } }) };
      const shared = random.chance(0.15) && (parent?.shared ?? true);
      if (child) {
        const childValues = this.valuesOf(child.columns);
        const saved = await dataSource.manager.save(entity.name, {
          ...given,
          [child.relation!]: [childValues],
        });
        const row = this.came(entity, saved, parent, shared);
        const [line] = (saved as Record<string, Values[]>)[child.relation!]!;
        const lineRow = this.came(child, line!, row, shared);
        soak.ledger.add([
          ...this.notes(entity, row.id, values),
          ...this.notes(child, lineRow.id, childValues),
        ]);
        return this.expectWritten(dataSource.manager, child, lineRow, childValues);
      }
      const saved = random.chance(0.5)
        ? await dataSource.manager.save(entity.name, given)
        : (await dataSource.manager.insert(entity.name, given)).identifiers[0]!;
      const row = this.came(entity, saved, parent, shared);
      soak.ledger.add(this.notes(entity, row.id, values));
      if (!shared) await this.expectWritten(dataSource.manager, entity, row, values);
    });
  }

  private came(entity: EntityShape, saved: Values, parent: Row | undefined, shared: boolean): Row {
    const row: Row = {
      id: saved['id'] as string | number,
      entity: entity.key,
      shared,
      ...(parent && { parent }),
    };
    (shared ? this.soak.ledger.shared : this.rows).push(row);
    return row;
  }

  private async update(manager: EntityManager, entity: EntityShape, row: Row): Promise<void> {
    const { random } = this;
    const columns = random.sample(entity.columns, random.integer(1, 2));
    const values = this.valuesOf(columns);
    await this.write(manager, entity, row, columns, values);
    const notes = this.notes(entity, row.id, values);
    if (manager.queryRunner) this.pending.push(...notes);
    else this.soak.ledger.add(notes);
    // Others may have changed what is not this writer's own, unless its transaction holds the row.
    if (!row.shared || manager.queryRunner) await this.expectWritten(manager, entity, row, values);
  }

  private async write(
    manager: EntityManager,
    { name, table }: EntityShape,
    { id }: Row,
    columns: readonly ColumnShape[],
    values: Values,
  ): Promise<void> {
    const style = this.random.next();
    if (style < 0.4) await manager.update(name, { id }, values);
    else if (style < 0.7) {
      const set = columns.map(({ column }, index) => `${quoted(column)} = $${index + 2}`).join(', ');
      await manager.query(`update ${quoted(table)} set ${set} where id = $1`, [
        id,
        ...columns.map(({ property }) => values[property]),
      ]);
    } else {
      const found = await manager.findOneBy(name, { id });
      if (!found) throw new WrongRead(`${name} was not found by its id`);
      await manager.save(name, Object.assign(found, values));
    }
  }

  /** In the order of the release's entities, one row of each: so that nobody waits in a circle. */
  private async transaction(entities: readonly EntityShape[]): Promise<void> {
    const { random } = this;
    this.pending = [];
    const undone = random.chance(0.2);
    await this.dataSource
      .transaction(async (manager) => {
        for (const entity of entities) {
          const row = this.pick(entity, random.chance(0.5));
          if (row) await this.update(manager, entity, row);
        }
        if (undone) throw new Undo();
      })
      .then(
        () => this.soak.ledger.add(this.pending),
        (error: unknown) => {
          if (!(error instanceof Undo)) throw error;
        },
      );
  }

  /** Rows of this writer's own, and what is beneath them, which is its own as well. */
  private async delete(entity: EntityShape): Promise<void> {
    const row = this.pick(entity, true);
    if (!row) return;
    await this.soak.request(this.release, [entity], async () => {
      const { manager } = this.dataSource;
      if (this.random.chance(0.6)) await manager.delete(entity.name, { id: row.id });
      else {
        const found = await manager.findOneBy(entity.name, { id: row.id });
        if (!found) throw new WrongRead(`${entity.name} was not found by its id`);
        await manager.remove(entity.name, found);
      }
      row.gone = true;
    });
  }

  private async read(entity: EntityShape): Promise<void> {
    const children = this.release.entities.filter(({ parent }) => parent === entity.key);
    await this.soak.request(this.release, [entity, ...children], async () => {
      await this.dataSource.manager.find(entity.name, {
        take: 5,
        order: { id: 'DESC' },
        relations: Object.fromEntries(children.map(({ relation }) => [relation!, true])),
      });
    });
  }

  private async expectWritten(
    manager: EntityManager,
    entity: EntityShape,
    row: Row,
    values: Values,
  ): Promise<void> {
    const found = (await manager.findOneBy(entity.name, { id: row.id })) as Values | null;
    if (!found) throw new WrongRead(`${entity.name} is not found after it was written`);
    for (const [property, value] of Object.entries(values)) {
      if (canonical(found[property]) === canonical(value)) continue;
      throw new WrongRead(
        `${entity.name}.${property} reads ${canonical(found[property])}, written was ${canonical(value)}`,
      );
    }
  }
}
