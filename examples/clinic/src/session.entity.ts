import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Who is signed in. Changes with every request. */
@Entity('sessions')
export class Session {
  @PrimaryColumn({ type: 'text' })
  token: string;

  @Column({ type: 'text', name: 'user_name' })
  userName: string;

  @Column({ type: 'timestamptz', name: 'last_seen_at', default: () => 'now()' })
  lastSeenAt: Date;
}
