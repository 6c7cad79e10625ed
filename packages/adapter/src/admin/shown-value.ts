/** A value as it can be shown: as the text of its JSON, of which long ones are cut. */
export interface ShownValue {
  readonly json: string;
  /** How many characters it has; set where it was cut. */
  readonly length?: number;
}

export function shownValue(value: unknown, longest: number): ShownValue {
  const json = JSON.stringify(value) ?? 'null';
  return json.length <= longest ? { json } : { json: json.slice(0, longest), length: json.length };
}
