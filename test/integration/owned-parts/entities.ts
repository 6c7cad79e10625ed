import 'reflect-metadata';
import {
  Column,
  DeleteDateColumn,
  Entity,
  Index,
  JoinColumn,
  JoinTable,
  ManyToMany,
  ManyToOne,
  OneToMany,
  OneToOne,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  type Relation,
} from 'typeorm';

@Entity()
export class Genre {
  @PrimaryColumn({ type: 'text' })
  code: string;

  @Column({ type: 'text' })
  label: string;
}

@Entity()
export class Album {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text' })
  title: string;

  @OneToMany(() => Track, (track) => track.album, { cascade: true })
  tracks: Relation<Track>[];

  @OneToOne(() => Cover, (cover) => cover.album, { cascade: true })
  cover: Relation<Cover> | null;

  @ManyToMany(() => Genre)
  @JoinTable({ name: 'album_genres' })
  genres: Genre[];
}

@Entity()
export class Track {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text' })
  title: string;

  @Column({ type: 'bigint', default: 0 })
  plays: string;

  @Index()
  @ManyToOne(() => Album, (album) => album.tracks, { nullable: true, onDelete: 'CASCADE' })
  album: Relation<Album> | null;

  @OneToMany(() => Credit, (credit) => credit.track, { cascade: true })
  credits: Relation<Credit>[];

  @DeleteDateColumn({ type: 'timestamptz' })
  deletedAt: Date | null;
}

/** Beneath a part, with a key of two columns of which one may hold the separator. */
@Entity()
export class Credit {
  @PrimaryColumn({ type: 'text' })
  name: string;

  @PrimaryColumn({ type: 'int' })
  place: number;

  @Column({ type: 'text' })
  role: string;

  @Index()
  @ManyToOne(() => Track, (track) => track.credits, { nullable: false, onDelete: 'CASCADE' })
  track: Relation<Track>;
}

@Entity()
export class Cover {
  @PrimaryGeneratedColumn('uuid')
  id: string;

  @Column({ type: 'text' })
  url: string;

  @Column({ type: 'bytea', nullable: true })
  thumbnail: Buffer | null;

  @OneToOne(() => Album, (album) => album.cover, { nullable: true, onDelete: 'SET NULL' })
  @JoinColumn()
  album: Relation<Album> | null;
}

export const albumEntities = [Album, Track, Credit, Cover, Genre];

export const albumAggregate = {
  entity: Album,
  owns: ['tracks', 'tracks.credits', 'cover', 'genres'],
};
