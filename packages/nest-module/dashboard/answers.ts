import type {
  AggregateOverview,
  AggregateReport,
  ConsumerStatus,
  CorrelationPage,
  DriftReport,
  ErasureReport,
  EventKind,
  EventPage,
  Finding,
  FoundStream,
  ListedEvent,
  LogReport,
  AdminQueries,
  ParkedEvent,
  PropertyChange,
  SearchIndex,
  ShownValue,
  Stage,
  StateAtVersion,
  StreamEvent,
  StreamPage,
} from '@backstory/adapter';
import type { RepairPreview } from '../src/dashboard/repair-preview.js';
import type { RestorePreview } from '../src/dashboard/restore-preview.js';
import type { TenantList } from '../src/dashboard/dashboard-histories.js';
import type { Work } from '../src/dashboard/dashboard-work.js';

/** What arrives of a value: moments are text. */
type Json<T> = T extends Date ? string : T extends object ? { [Key in keyof T]: Json<T[Key]> } : T;

export type OverviewAnswer = Json<Awaited<ReturnType<AdminQueries['overview']>>>;
export type AggregateRow = Json<AggregateOverview>;
export type AggregateAnswer = Json<AggregateReport> & { work: Json<Work> | null };
export type StreamAnswer = Json<StreamPage>;
export type EventAnswer = Json<StreamEvent>;
export type EventsAnswer = Json<EventPage>;
export type ListedAnswer = Json<ListedEvent>;
export type CorrelationAnswer = Json<CorrelationPage>;
export type IndexAnswer = Json<SearchIndex>;
export type Kind = EventKind;
export type DriftAnswer = Json<DriftReport>;
export type RepairAnswer = Json<RepairPreview> | null;
export type RestoreAnswer = Json<RestorePreview>;
export type StateAnswer = Json<StateAtVersion>;
export type FoundAnswer = Json<FoundStream>;
export type ConsumerAnswer = Json<ConsumerStatus>;
export type ParkedAnswer = Json<ParkedEvent>;
export type ErasureAnswer = Json<ErasureReport>;
export type LogAnswer = Json<LogReport>;
export type TenantsAnswer = Json<TenantList>;
export type FindingAnswer = Json<Finding>;
export type Change = Json<PropertyChange>;
export type Value = Json<ShownValue>;
export type StageName = Stage;

export interface SessionAnswer {
  readonly title: string;
  readonly changes: boolean;
  readonly actor: string;
}
