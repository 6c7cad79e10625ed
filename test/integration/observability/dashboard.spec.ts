import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createBackstory } from '@backstory/adapter';
import { backstoryMetrics } from '@backstory/adapter/prometheus';
import { parser } from '@prometheus-io/lezer-promql';
import { Registry } from 'prom-client';
import { openLibrary } from '../../library/open-library.js';
import { scrape } from './scrape.js';

const root = join(__dirname, '../../..');

interface Exposed {
  readonly type: string;
  readonly labels: ReadonlySet<string>;
}

describe('what is said of the metrics', () => {
  const exposed = new Map<string, Exposed>();

  beforeAll(async () => {
    const library = await openLibrary();
    const backstory = await createBackstory(library.dataSource);
    const register = new Registry();
    const stop = backstoryMetrics(backstory, { register });
    const { text } = await scrape(register);
    for (const [, name = '', type = ''] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
      const { labelNames } = register.getSingleMetric(name) as unknown as { labelNames: string[] };
      exposed.set(name, { type, labels: new Set(labelNames) });
    }
    stop();
    await backstory.close();
    await library.close();
  });

  /** Of a histogram there are series of other names. */
  function seriesOf(name: string): Exposed | undefined {
    const [, base, part] = /^(.+)_(bucket|count|sum)$/.exec(name) ?? [];
    const histogram = base === undefined ? undefined : exposed.get(base);
    if (histogram?.type !== 'histogram') return exposed.get(name);
    return part === 'bucket' ? { ...histogram, labels: new Set([...histogram.labels, 'le']) } : histogram;
  }

  describe('the Grafana dashboard', () => {
    const dashboard = JSON.parse(readFileSync(join(root, 'docs/grafana/backstory.json'), 'utf8')) as object;
    const expressions = [...valuesOf(dashboard, 'expr')];
    const variables = [...valuesOf(dashboard, 'definition')];

    it('has expressions', () => {
      expect(expressions.length).toBeGreaterThan(20);
      expect(variables.length).toBe(2);
    });

    it.each(expressions)('%s is PromQL about series and labels that there are', (expression) => {
      const { metrics, labels } = partsOf(expression);
      expect(metrics.length).toBeGreaterThan(0);
      const known = metrics.map((metric) => [metric, seriesOf(metric)] as const);
      expect(known.filter(([, series]) => series === undefined)).toEqual([]);
      for (const label of labels) {
        expect([label, known.some(([, series]) => series?.labels.has(label))]).toEqual([label, true]);
      }
    });

    it.each(variables)('%s is about a label that there is', (definition) => {
      const [, metric = '', label = ''] = /^label_values\((\w+), (\w+)\)$/.exec(definition) ?? [];
      expect(seriesOf(metric)?.labels.has(label)).toBe(true);
    });
  });

  it('docs/observability.md lists exactly the metrics that there are, with their labels', () => {
    const text = readFileSync(join(root, 'docs/observability.md'), 'utf8');
    const listed = [...text.matchAll(/^\| `(backstory_\w+)` +\|([^|]*)\|/gm)].map(([, name, labels = '']) => [
      name,
      [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label).sort(),
    ]);
    const real = [...exposed].map(([name, { labels }]) => [name, [...labels].sort()]);
    expect(listed.sort()).toEqual(real.sort());
  });
});

function* valuesOf(node: unknown, key: string): Generator<string> {
  if (typeof node !== 'object' || node === null) return;
  for (const [name, value] of Object.entries(node)) {
    if (name === key && typeof value === 'string') yield value;
    else yield* valuesOf(value, key);
  }
}

/** What an expression selects and groups by. @throws for what isn't PromQL */
function partsOf(expression: string): { metrics: string[]; labels: string[] } {
  // Grafana fills these in
  const promql = expression.replaceAll('$__rate_interval', '5m');
  const metrics: string[] = [];
  const labels: string[] = [];
  parser.parse(promql).iterate({
    enter: ({ type, from, to, node }) => {
      const text = promql.slice(from, to);
      if (type.isError) throw new Error(`${expression} is no PromQL at ${from}`);
      if (type.name === 'Identifier' && node.parent?.name === 'VectorSelector') metrics.push(text);
      if (type.name === 'LabelName') labels.push(text);
    },
  });
  return { metrics, labels };
}
