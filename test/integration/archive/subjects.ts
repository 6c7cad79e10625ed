import { type Backstory, createBackstory } from '@backstory/adapter';
import { Author, Subject } from '../../library/entities.js';
import { type Library, openLibrary } from '../../library/open-library.js';

/** Old is whatever is from before. */
export const future = new Date(Date.now() + 3_600_000);

/** A library of which subjects and authors, with their works, are captured. */
export interface Subjects {
  readonly library: Library;
  readonly backstory: Backstory;
  /** A subject that is created, and renamed so many times. */
  relabel(code: string, times: number): Promise<void>;
  /** What the log has of a stream. */
  kept(
    category: string,
    id: string,
  ): Promise<{ position: string; change: string; type: string; data: object }[]>;
  count(table: string): Promise<number>;
  close(): Promise<void>;
}

export async function openSubjects(): Promise<Subjects> {
  const library = await openLibrary();
  const { dataSource } = library;
  const backstory = await createBackstory(dataSource, {
    aggregates: [{ entity: Author, owns: ['works'] }, Subject],
  });
  return {
    library,
    backstory,
    relabel: async (code, times) => {
      await dataSource.manager.insert(Subject, { code, label: 'n 0' });
      for (let n = 1; n <= times; n++) await dataSource.manager.update(Subject, code, { label: `n ${n}` });
    },
    kept: (category, id) =>
      dataSource.query(
        `select stream_position as position, change, type, data from backstory.events
         where category = $1 and stream_id = $2 order by stream_position`,
        [category, id],
      ),
    count: async (table) => {
      const [row] = await dataSource.query<[{ count: string }]>(`select count(*) from backstory.${table}`);
      return Number(row.count);
    },
    close: async () => {
      await backstory.close();
      await library.close();
    },
  };
}
