import type { StageName } from './answers.js';

const stages: readonly StageName[] = ['off', 'capture', 'shadow', 'replay'];

/** The way from off to replay, and how far along an aggregate is. */
export function StagePath({ stage, percent }: { stage: StageName; percent: number | null }) {
  const here = stages.indexOf(stage);
  const share = percent !== null && percent < 100 ? ` ${percent} %` : '';
  return (
    <ol class={`path stage-${stage}`} aria-label={`Stage: ${stage}${share}`}>
      {stages.map((each, index) => (
        <li
          key={each}
          class={index < here ? 'past' : index === here ? 'here' : 'ahead'}
          aria-current={index === here ? 'step' : undefined}
        >
          <span class="dot" aria-hidden="true" />
          <span class="name">
            {each}
            {index === here && share}
          </span>
        </li>
      ))}
    </ol>
  );
}
