// Proposed by "npx backstory init": from the entities, their foreign keys, and the names of tables and columns.
// Look through it, and change what is wrong: nobody knows the application as you do.
import type { BackstoryOptions } from '@backstory/adapter';

export default {
  aggregates: [
    // every entity that is not named below or left out: a stream for each of its rows
    'all',
    // Patient
    // in events: insuranceNumber: it looks like data of a person, by the words "insurance number"
    {
      entity: 'Appointment',
      // their changes go into its streams, and it replays with them
      owns: [
        'prescriptions', // their foreign key is NOT NULL, ON DELETE CASCADE, they are saved with it (cascade)
      ],
    },
  ],
  // never captured
  exclude: [
    'Session', // it looks like sessions, by the word "session": its rows come and go
  ],
} satisfies BackstoryOptions;
