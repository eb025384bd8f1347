interface Sample {
  offset: number;
  trip: number;
}

/**
 * The agent's clock, counted with a clock that nobody sets. Every answer to `watch` is a sample;
 * the one with the shortest way there and back is the truest.
 */
export class AgentClock {
  private samples: Sample[] = [];

  /** `asked` and `heard` by the steady clock, `at` by the agent's, all in ms. */
  sample(asked: number, heard: number, at: number): void {
    const trip = Math.max(0, heard - asked);
    const sample = { offset: at - (asked + heard) / 2, trip };
    const best = this.best();
    // The steady clock stood still (sleep), or the agent's was set: what was known is worth nothing.
    if (best && Math.abs(sample.offset - best.offset) > trip / 2 + best.trip / 2 + 250) this.samples = [];
    this.samples.push(sample);
    if (this.samples.length > 8) this.samples.shift();
  }

  known(): boolean {
    return this.samples.length > 0;
  }

  /** The agent's time at a moment of the steady clock. */
  at(steady: number): number {
    return steady + (this.best()?.offset ?? 0);
  }

  private best(): Sample | undefined {
    let best: Sample | undefined;
    for (const sample of this.samples) if (!best || sample.trip < best.trip) best = sample;
    return best;
  }
}
