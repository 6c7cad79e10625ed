export interface TrafficFailure {
  route: string;
  /** Undefined when there was no answer at all. */
  status?: number;
  message: string;
}

export interface Latencies {
  p50: number;
  p95: number;
  p99: number;
  max: number;
}

export interface RouteReport {
  requests: number;
  /** Answered with 404 or 409: somebody else was faster, or a rule of the shop forbids it. */
  refused: number;
  failures: number;
  /** In milliseconds. */
  latencies: Latencies;
}

export interface TrafficReport {
  requests: number;
  refused: number;
  failures: TrafficFailure[];
  byRoute: Record<string, RouteReport>;
  latencies: Latencies;
  seconds: number;
}

interface Answer {
  route: string;
  milliseconds: number;
  refused: boolean;
  failed: boolean;
}

export class TrafficLog {
  private readonly answers: Answer[] = [];
  private readonly failures: TrafficFailure[] = [];
  private readonly startedAt = performance.now();

  answered(route: string, milliseconds: number, status: number): void {
    this.answers.push({ route, milliseconds, refused: status >= 400, failed: false });
  }

  failed(failure: TrafficFailure, milliseconds: number): void {
    this.answers.push({ route: failure.route, milliseconds, refused: false, failed: true });
    this.failures.push(failure);
  }

  report(): TrafficReport {
    const routes = [...new Set(this.answers.map(({ route }) => route))].sort();
    const byRoute = routes.map((route) => [
      route,
      summary(this.answers.filter((each) => each.route === route)),
    ]);
    const { requests, refused, latencies } = summary(this.answers);
    return {
      requests,
      refused,
      failures: [...this.failures],
      byRoute: Object.fromEntries(byRoute) as Record<string, RouteReport>,
      latencies,
      seconds: (performance.now() - this.startedAt) / 1000,
    };
  }
}

function summary(answers: Answer[]): RouteReport {
  const sorted = answers.map(({ milliseconds }) => milliseconds).sort((one, other) => one - other);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return {
    requests: answers.length,
    refused: answers.filter(({ refused }) => refused).length,
    failures: answers.filter(({ failed }) => failed).length,
    latencies: { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) },
  };
}
