import {
  type CaptureState,
  changesCapture,
  otherTables,
  readCaptureStates,
  readReleases,
} from '../capture/index.js';
import type { SqlExecutor } from '../database/index.js';
import { type EntityMapping, type NamedTable, namedTables } from '../mapping/index.js';
import { pendingMigrations } from '../schema/index.js';
import { readStages } from '../stages/index.js';
import { captureTriggers } from './capture-triggers.js';
import type { Finding } from './finding.js';
import { boundByName } from './findings/bound-by-name.js';
import { captureFailures } from './findings/capture-failures.js';
import { brokenSequence } from './findings/broken-sequence.js';
import { brokenTriggers } from './findings/broken-triggers.js';
import { hiddenFromCapture } from './findings/hidden-from-capture.js';
import { hiddenLog } from './findings/hidden-log.js';
import { hiddenRows } from './findings/hidden-rows.js';
import { laggingSlots } from './findings/lagging-slots.js';
import { lastProofs } from './findings/last-proofs.js';
import { looksSecret } from './findings/looks-secret.js';
import { missingIndexes } from './findings/missing-indexes.js';
import { otherTable } from './findings/other-table.js';
import { residualRefusals } from './findings/residual-refusals.js';
import { rightsTooMany } from './findings/rights-too-many.js';
import { rolesOfOthers } from './findings/roles-of-others.js';
import { sealFindings } from './findings/seal-findings.js';
import { silencedTriggers } from './findings/silenced-triggers.js';
import { strayTriggers } from './findings/stray-triggers.js';
import { stuckElsewhere } from './findings/stuck-elsewhere.js';
import { uncapturedColumns } from './findings/uncaptured-columns.js';
import { unnamedAggregates } from './findings/unnamed-aggregates.js';
import { unreadableColumns } from './findings/unreadable-columns.js';
import { unreadableTimes } from './findings/unreadable-times.js';

/**
 * Every difference between entities, tables and triggers, what this role can't see, and what the last proofs have found, with
 * what mends it. Looks at catalogues and at what was recorded, never at rows.
 * @param absent - tables that entities name and that aren't there
 */
export async function diagnose(
  sql: SqlExecutor,
  schema: string,
  mappings: readonly EntityMapping[],
  absent: readonly NamedTable[] = [],
): Promise<Finding[]> {
  const migrations = await pendingMigrations(sql, schema);
  if (migrations.length > 0) {
    return [
      {
        severity: 'fault',
        problem: `Backstory's own tables in schema "${schema}" are missing or old (${migrations.length} migrations to run)`,
        remedy: 'npx backstory install',
      },
    ];
  }
  const stages = await readStages(sql, schema);
  const captured = mappings.filter(
    ({ category, initialStage }) => (stages.get(category) ?? initialStage) !== 'off',
  );
  const lost = absent.filter(({ category }) => (stages.get(category) ?? 'off') !== 'off');
  const states = await readCaptureStates(sql, schema);
  // of other releases and applications: what is lost of them is lost of this database, too
  const ofOthers = states.flatMap(({ category, captured: is, mapping }) =>
    is && typeof mapping !== 'string' && !mappings.some((each) => each.category === category)
      ? [mapping]
      : [],
  );
  const triggers = await captureTriggers(sql, [
    ...captured.map((mapping) => asCaptured(mapping, states)),
    ...ofOthers,
  ]);
  const stored = states.flatMap(({ tables }) => tables);
  const releases = await readReleases(sql, schema);
  const isOutdated = (mapping: EntityMapping): boolean =>
    changesCapture(mapping, stored, releases) ||
    states.some(
      ({ category, captured: is, outdated, missing }) =>
        category === mapping.category && (!is || outdated.length + missing.length > 0),
    );
  const others = await otherTables(sql, schema, [...namedTables(captured), ...lost]);
  const isOther = ({ category }: EntityMapping): boolean => others.some((each) => each.category === category);
  return [
    ...others.map(otherTable),
    ...captured.flatMap((mapping) =>
      brokenTriggers(mapping, triggers, isOutdated(mapping) && !isOther(mapping)),
    ),
    ...ofOthers.flatMap((mapping) => brokenTriggers(mapping, triggers, false)),
    ...(await silencedTriggers(sql)),
    ...states.flatMap(boundByName),
    ...(await residualRefusals(sql, schema, states)),
    ...(await captureFailures(sql, schema, mappings, states)),
    ...mappings.flatMap((mapping) => looksSecret(mapping, states)),
    ...mappings.flatMap(({ parts }) => parts).flatMap(missingIndexes),
    ...(await uncapturedColumns(
      sql,
      mappings.flatMap((root) => [root, ...root.parts]),
      states.flatMap(({ mapping }) => (typeof mapping === 'string' ? [] : [mapping, ...mapping.parts])),
    )),
    ...unnamedAggregates(states, [...mappings, ...absent]),
    ...(await strayTriggers(sql, schema, states)),
    ...(await hiddenRows(sql, captured)),
    ...(await hiddenFromCapture(sql, schema, captured)),
    ...(await hiddenLog(sql, schema)),
    ...(await unreadableColumns(sql, captured)),
    ...(await lastProofs(sql, schema, captured)),
    ...(await brokenSequence(sql, schema)),
    ...(await laggingSlots(sql, schema)),
    ...(await sealFindings(sql, schema)),
    ...(await rightsTooMany(sql, schema)),
    ...(await rolesOfOthers(sql, schema)),
    ...(await unreadableTimes(sql)),
    ...(await stuckElsewhere(sql, schema)),
  ];
}

/** With the partitions of now, which a mapping of some time ago doesn't know. */
function asCaptured(own: EntityMapping, states: readonly CaptureState[]): EntityMapping {
  const mapping = states.find(({ category }) => category === own.category)?.mapping;
  return mapping === undefined || typeof mapping === 'string' ? own : mapping;
}
