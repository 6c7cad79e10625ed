import type { StageName } from './answers.js';
import { stageOrder } from './stage-order.js';

/** The way from off to events, and how far along an aggregate is. */
export function StagePath({ stage, percent }: { stage: StageName; percent: number | null }) {
  const here = stageOrder.indexOf(stage);
  const share = percent !== null && percent < 100 ? ` ${percent} %` : '';
  return (
    <ol class={`path stage-${stage}`} aria-label={`Stage: ${stage}${share}`}>
      {stageOrder.map((each, index) => (
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
