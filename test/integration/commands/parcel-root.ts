import 'reflect-metadata';
import { EventSourced } from '@backstory/nest-module';
import { AggregateRoot } from '@nestjs/cqrs';
import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

export class ParcelPacked {
  constructor(readonly content: string) {}
}

export class ParcelSent {
  constructor(
    readonly carrier: string,
    readonly sentAt: Date,
  ) {}
}

export class ParcelWeighed {
  constructor(readonly grams: number) {}
}

export class Noticed {
  constructor(readonly by: string) {}
}

export class NeverSaid {}

export class AlreadySent extends Error {}

export const sentAt = new Date('2026-03-01T09:30:00.000Z');

@EventSourced<Parcel>({ evolve: { Twice: (parcel: Parcel) => parcel } })
@Entity()
export class Parcel extends AggregateRoot {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text' })
  content: string;

  @Column({ type: 'text', default: 'packed' })
  status: string;

  @Column({ type: 'int', default: 0 })
  grams: number;

  @Column({ type: 'timestamptz', nullable: true })
  sentAt: Date | null;

  static pack(content: string): Parcel {
    const parcel = new Parcel();
    parcel.apply(new ParcelPacked(content));
    return parcel;
  }

  send(carrier: string): void {
    if (this.status === 'sent') throw new AlreadySent();
    this.apply(new ParcelSent(carrier, sentAt));
  }

  weigh(grams: number): void {
    this.apply(new ParcelWeighed(this.grams + grams));
  }

  onParcelPacked({ content }: ParcelPacked): void {
    this.content = content;
  }

  onParcelSent(event: ParcelSent): void {
    this.status = 'sent';
    this.sentAt = event.sentAt;
  }

  onParcelWeighed({ grams }: ParcelWeighed): void {
    this.grams = grams;
  }

  onNoticed(): void {
    // changes nothing
  }

  onTwice(): void {
    // said in the options, too
  }

  onClocked(): void {
    this.grams = performance.now();
  }
}
