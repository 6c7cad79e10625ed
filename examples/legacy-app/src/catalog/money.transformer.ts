import type { ValueTransformer } from 'typeorm';
import { Money } from './money.js';

export const moneyTransformer: ValueTransformer = {
  to: (amount: Money | null | undefined) => (amount instanceof Money ? amount.toString() : amount),
  from: (text: string | null | undefined) => (typeof text === 'string' ? Money.parse(text) : text),
};
