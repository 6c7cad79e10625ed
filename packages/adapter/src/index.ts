/**
 * `@backstory/adapter`: all that needs no NestJS.
 * @module adapter
 */
export type {
  Activity,
  AggregateOverview,
  AggregateStatus,
  BackfillOverview,
  CorrelationPage,
  DriftedStream,
  DriftExample,
  DriftReport,
  EventKind,
  EventPage,
  EventSearch,
  Finding,
  FoundStream,
  ListedEvent,
  LogReport,
  Overview,
  PropertyChange,
  PropertyDrift,
  ResidualOptions,
  ResidualSource,
  ResidualStatus,
  SearchIndex,
  ShownDrift,
  ShownValue,
  StreamEvent,
  StreamPage,
  TenantOverview,
  Volume,
} from './admin/index.js';
export {
  type ErasureControl,
  type SubjectEvent,
  type SubjectRecord,
  type ArchiveControl,
  type ExportedHistory,
  type ExportTarget,
  type FileControl,
  type AdminQueries,
  type AggregateReport,
  type StateAtVersion,
  Backstory,
  type ConsumerControl,
  type ConsumerDefinition,
  type RelayDefinition,
  type KeyControl,
  type ReplayedState,
  type StandbyControl,
  type StandbyReadOptions,
  type SealControl,
  type SealRunOptions,
  type StageControl,
  type StageMove,
  type StageOptions,
  type UntrackedOptions,
  type UntrackedReport,
  type UntrackedResult,
} from './backstory/index.js';
export type { ErasureOptions, ErasureReport, RetentionOptions, RetentionReport } from './erasure/index.js';
export type {
  AppendedEvents,
  AppendOptions,
  ExpectedVersion,
  NamedEvent,
  NewEvent,
} from './appending/index.js';
export type { ArchiveOptions, ArchiveReport, RestoreReport } from './archive/index.js';
export {
  type ComparedWithLog,
  type DropReport,
  type ExportCheck,
  type ExportCheckOptions,
  type ExportDifference,
  type ExportFormat,
  type ExportOptions,
  type ExportReport,
  type FileStore,
  folderFiles,
  type ImportReport,
} from './files/index.js';
export type {
  BackfillEstimate,
  BackfillOptions,
  BackfillProgress,
  BackfillReport,
  BackfillWish,
  ThrottleOptions,
} from './backfill/index.js';
export type { AggregateFilter } from './aggregates/index.js';
export {
  type CaptureContext,
  type CaptureContextSource,
  currentContext,
  type EventIntent,
  runInContext,
  type UnsettledFailures,
  withEvent,
} from './capture/index.js';
export {
  type CreateOptions,
  type Decide,
  type Decision,
  ended,
  type HandleOptions,
} from './commands/index.js';
export {
  createBackstory,
  createBackstoryForTenants,
  type TenantBackstories,
  type TenantOutcome,
} from './opening/index.js';
export type {
  TenantOptions,
  BackstoryLogger,
  BackstoryOptions,
  EncryptionOptions,
  SealingOptions,
} from './options/index.js';
export {
  databaseSubjectKeys,
  decryptEvent,
  decryptEvents,
  environmentKeys,
  fileKeys,
  kmsKeys,
} from './encryption/decryption/index.js';
export type {
  CloudEvent,
  DecryptedEvent,
  DecryptionOptions,
  EncryptedValue,
  KeyContext,
  KeyProvider,
  KeySql,
  KmsClient,
  KmsCommandClient,
  KmsDecryptInput,
  KmsEncryptInput,
  KmsKeyOptions,
  SubjectKeys,
  SubjectKeysOptions,
  WrappedKey,
} from './encryption/decryption/index.js';
export type { EncryptionRules, RewrapReport, WrappingKey } from './encryption/index.js';
export {
  diff,
  type DiffOptions,
  type HistoryEntry,
  type HistoryEntryKind,
  type PartDifference,
  type PropertyDifference,
} from './diff/index.js';
export { doctor } from './doctor/index.js';
export type { Drift, DriftKind } from './drift/index.js';
export {
  AggregateNotFoundError,
  BackstoryError,
  type BackstoryErrorCode,
  type ConstraintKind,
  ConstraintViolatedError,
  InvalidOptionsError,
  ReplayError,
  ResidualRefusedError,
  StageRefusedError,
  UnknownAggregateError,
  WrongExpectedVersionError,
} from './errors.js';
export { eventInstance, eventsOf } from './event/index.js';
export type {
  Change,
  EventCondition,
  EventData,
  EventDataOf,
  EventMetadata,
  EventOrigin,
  EventRule,
  EventTypeName,
  PropertyPath,
  RecordedEvent,
  TypedEvent,
  UpcastableEvent,
  Upcaster,
  Upcasters,
} from './event/index.js';
export type { HistoryOptions, ReadStreamOptions } from './event-store/index.js';
export type {
  CaptureFailure,
  Operation,
  OperationAttributes,
  OperationEnd,
  OperationName,
  OperationSubject,
  Progress,
  ProgressOptions,
} from './observation/index.js';
export {
  type InstallOptions,
  type InstallReport,
  installBackstory,
  type InstallationOptions,
  renewCaptureWithMigrations,
  syncCapture,
  type SyncCaptureOptions,
} from './installing/index.js';
export {
  type AggregateOptions,
  type AggregateSelection,
  type EntityTarget,
  type Evolvers,
  type CaptureFailurePolicy,
  type RetainOptions,
} from './mapping/index.js';
export {
  type BatchDelivery,
  type ConsumerStatus,
  type Delivery,
  type EventBatchHandler,
  type EventHandler,
  type EventPublisher,
  type EventSelector,
  type LogEpoch,
  type OfEntity,
  onEvent,
  onEventBatch,
  type ParkedEvent,
  type ParkedSelection,
  type StartAt,
  type WaitOptions,
} from './outbox/index.js';
export type { ProjectionDefinition, ProjectionTarget } from './projections/index.js';
export { Applies } from './replay/index.js';
export type {
  AppliesDecorator,
  ReducedState,
  Reducer,
  ReducerOptions,
  Reducers,
  ReducingObject,
  ReplayCacheOptions,
  SnapshotReport,
} from './replay/index.js';
export type { RestorationReport, RestoredVersion, RestoreOptions } from './restoring/index.js';
export { fileDigests, objectDigests, tableDigests } from './seals/index.js';
export type {
  DigestDatabase,
  DigestObject,
  DigestSource,
  DigestStore,
  DigestTarget,
  MerkleStep,
  ObjectClient,
  ObjectCommandClient,
  ObjectDigestOptions,
  SealBlock,
  SealDifference,
  SealDigest,
  SealOptions,
  SealProof,
  SealReport,
  SealStatus,
  SealVerification,
  SealVerifyOptions,
} from './seals/index.js';
export type { StandbyStatus } from './connections/index.js';
export type { ShadowOptions } from './shadow/index.js';
export type { NextStep, ResidualPolicy, Stage, StageChange, StageChangeOptions } from './stages/index.js';
export type {
  AggregateVerification,
  RepairOptions,
  RepairReport,
  UntrackedDeletions,
  VerificationReport,
  VerifyOptions,
} from './verify/index.js';
export {
  type Given,
  type Specification,
  specificationOf,
  type SpecificationOptions,
  type When,
} from './specification/index.js';
export { aggregate, type TypedEntity } from './entities/index.js';
