import { Pace } from './pace.js';

describe('the pace of a backfill', () => {
  it('finds the size that takes the time', () => {
    const pace = new Pace(200);
    // 20 rows a millisecond
    for (let chunk = 0; chunk < 10; chunk++) pace.next(pace.size, pace.size / 20);
    expect(pace.size).toBe(4_000);
    for (let chunk = 0; chunk < 10; chunk++) pace.next(pace.size, pace.size * 2);
    expect(pace.size).toBe(100);
  });

  it('never more than doubles or halves, and stays within its bounds', () => {
    const pace = new Pace(200, 1_500);
    expect(pace.size).toBe(1_000);
    pace.next(1_000, 1);
    expect(pace.size).toBe(1_500);
    pace.next(1_500, 60_000);
    expect(pace.size).toBe(750);
    for (let chunk = 0; chunk < 20; chunk++) pace.next(pace.size, 60_000);
    expect(pace.size).toBe(10);
  });

  it('learns nothing from the end of the table', () => {
    const pace = new Pace(200);
    pace.next(3, 900);
    expect(pace.size).toBe(1_000);
  });
});
