import { useState } from 'preact/hooks';

interface VersionFieldProps {
  label: string;
  hidden?: boolean;
  value: number;
  most: number;
  onVersion: (version: number) => void;
}

/** A number of an event. What is being typed stays as it is, and counts as soon as there is such an event. */
export function VersionField({ label, hidden, value, most, onVersion }: VersionFieldProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const onInput = (text: string): void => {
    setTyped(text);
    const version = Number(text);
    if (text !== '' && Number.isInteger(version) && version >= 0 && version <= most) onVersion(version);
  };
  return (
    <label class="field inline">
      <span class={hidden ? 'hidden' : 'muted'}>{label}</span>
      <input
        type="number"
        min={0}
        max={most}
        value={typed ?? value}
        onInput={(event) => onInput(event.currentTarget.value)}
        onBlur={() => setTyped(null)}
      />
    </label>
  );
}
