import type { AddressDto } from '../customers/address.dto.js';
import type { CreateCustomerDto } from '../customers/create-customer.dto.js';
import type { Random } from './seeded-random.js';

const names = [
  'Ada Lovelace',
  "Miles O'Brien",
  'Jürgen Groß',
  '王小明',
  'Anna "Ann" Lee',
  'Zoë \\ Backslash',
  '🙂 Smile',
];
const cities = ['Lisbon', 'Zürich', "L'Aquila", 'Oslo'];
const countries = ['PT', 'CH', 'IT', 'NO'];
export const keywords = ['gift', 'sale', 'new', 'classic', 'a, "b" and {c}', ''];
export const tagLabels = ['gift', 'express', 'fragile', 'wholesale', 'loyal', 'déjà vu', 'press'];
const notes = [
  'Ring twice',
  '',
  'Line one\nline two',
  `It's "quoted" \\ and {braced}`,
  '門口に置いてください',
  '*/ -- ; $$',
];

export const randomNote = (random: Random): string => random.pick(notes)!;

export const randomPrice = (random: Random): string => (random.integer(100, 20_000) / 100).toFixed(2);

export const randomDate = (random: Random): string =>
  new Date(Date.UTC(random.integer(1940, 2005), random.integer(0, 11), random.integer(1, 28)))
    .toISOString()
    .slice(0, 10);

export function randomAddress(random: Random): AddressDto {
  const address: AddressDto = {
    street: `${random.integer(1, 200)} High Street`,
    city: random.pick(cities)!,
    country: random.pick(countries)!,
  };
  return random.chance(0.5) ? { ...address, postalCode: String(random.integer(1000, 9999)) } : address;
}

export function randomPreferences(random: Random): Record<string, unknown> {
  return {
    [random.pick(['newsletter', 'theme', 'size'])!]: random.pick([
      true,
      null,
      1.5,
      "it's",
      ['a', 2],
      { deep: { er: 1 } },
    ]),
  };
}

export function randomCustomer(random: Random): CreateCustomerDto {
  const customer: CreateCustomerDto = {
    email: `Shopper-${random.word()}@example.org`,
    name: random.pick(names)!,
  };
  return random.chance(0.5)
    ? {
        ...customer,
        billing: randomAddress(random),
        birthday: randomDate(random),
        preferences: randomPreferences(random),
      }
    : customer;
}

export function randomIsbn(random: Random): string {
  const digits = `978${String(random.integer(0, 999_999_999)).padStart(9, '0')}`;
  const sum = [...digits].reduce(
    (total, digit, index) => total + Number(digit) * (index % 2 === 0 ? 1 : 3),
    0,
  );
  return `${digits}${(10 - (sum % 10)) % 10}`;
}
