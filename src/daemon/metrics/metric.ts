/** What Prometheus reads: one name, and a value for each set of labels. */
export interface Metric {
  name: string;
  help: string;
  type: 'counter' | 'gauge' | 'histogram';
  samples(): Sample[];
}

export interface Sample {
  /** What follows the metric's name: the parts of a histogram. */
  suffix?: string;
  labels?: Readonly<Record<string, string>>;
  value: number;
}

/** The text format of Prometheus, version 0.0.4. */
export function formatMetrics(metrics: readonly Metric[]): string {
  return metrics
    .map(({ name, help, type, samples }) => {
      const lines = samples().map(
        ({ suffix = '', labels = {}, value }) => `${name}${suffix}${formatLabels(labels)} ${value}\n`,
      );
      return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
    })
    .join('');
}

function formatLabels(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escapeLabel(text: string): string {
  return text.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));
}

/** One that is read when it is asked for. */
export function createReading(
  type: 'counter' | 'gauge',
  name: string,
  help: string,
  read: () => number | Sample[],
): Metric {
  return {
    name,
    help,
    type,
    samples() {
      const value = read();
      return typeof value === 'number' ? [{ value }] : value;
    },
  };
}

export interface Counter extends Metric {
  add(labels?: Readonly<Record<string, string>>): void;
}

/** @param first the labels that are told from the beginning, with 0, so that a rate sees their first increase */
export function createCounter(
  name: string,
  help: string,
  first: readonly Readonly<Record<string, string>>[] = [{}],
): Counter {
  const counts = new Map<string, { labels: Readonly<Record<string, string>>; value: number }>();
  const of = (labels: Readonly<Record<string, string>>) => {
    const key = formatLabels(labels);
    const known = counts.get(key) ?? { labels, value: 0 };
    counts.set(key, known);
    return known;
  };
  first.forEach(of);
  return {
    name,
    help,
    type: 'counter',
    samples: () => [...counts.values()],
    add(labels = {}) {
      of(labels).value += 1;
    },
  };
}

export interface Histogram extends Metric {
  observe(label: string, seconds: number): void;
}

/** Those of Prometheus' own clients, in seconds. */
const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Durations by the values of one label, all of which are told from the beginning. */
export function createHistogram(
  name: string,
  help: string,
  labelName: string,
  labelValues: readonly string[],
): Histogram {
  const observed = new Map(
    labelValues.map((value) => [value, { sum: 0, count: 0, below: bounds.map(() => 0) }]),
  );
  return {
    name,
    help,
    type: 'histogram',
    samples: () =>
      [...observed].flatMap(([value, { sum, count, below }]): Sample[] => {
        const labels = { [labelName]: value };
        return [
          ...bounds.map((bound, index) => ({
            suffix: '_bucket',
            labels: { ...labels, le: String(bound) },
            value: below[index] ?? 0,
          })),
          { suffix: '_bucket', labels: { ...labels, le: '+Inf' }, value: count },
          { suffix: '_sum', labels, value: sum },
          { suffix: '_count', labels, value: count },
        ];
      }),
    observe(value, seconds) {
      const into = observed.get(value);
      if (into === undefined) return;
      into.sum += seconds;
      into.count += 1;
      into.below = into.below.map((count, index) => (seconds <= (bounds[index] ?? 0) ? count + 1 : count));
    },
  };
}
