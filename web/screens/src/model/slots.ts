/**
 * Which tile stands where. A tile keeps its slot for as long as it is there; a free slot takes the
 * next that waits, but not at once: for a while it rests, so that a second tap does not hit another
 * order, and an undo finds its place. The first page and the page that is looked at never move; what
 * nobody sees is laid out in the manifest's order.
 */
export class Slots {
  private slots: (string | null)[] = [];
  private perPage = 1;
  private resting = new Map<number, { key: string; until: number }>();
  page = 0;

  /** Lays everything out anew when the number of slots on a page is another. */
  resize(perPage: number): void {
    const next = Math.max(1, Math.floor(perPage));
    if (next === this.perPage) return;
    this.perPage = next;
    this.clear();
  }

  /** Forgets every place. */
  clear(): void {
    this.slots = [];
    this.resting.clear();
    this.page = 0;
  }

  /** When the first resting slot is free again; infinite where none rests. */
  restsUntil(): number {
    let first = Infinity;
    for (const { until } of this.resting.values()) first = Math.min(first, until);
    return first;
  }

  /** Whether a slot of the page that is looked at was freed a moment ago. */
  rests(slot: number): boolean {
    return this.resting.has(this.page * this.perPage + slot);
  }

  /** Brings the slots up to date with what is there, in its order; a slot that is freed rests for `restMs`. */
  update(order: readonly string[], now = 0, restMs = 0): void {
    const there = new Set(order);
    const kept: (string | null)[] = [];
    const stays = new Set<string>();
    const stable = (slot: number): boolean => {
      const page = Math.floor(slot / this.perPage);
      return page === 0 || page === this.page;
    };
    for (let slot = 0; slot < this.slots.length; slot++) {
      const key = this.slots[slot] ?? null;
      const keep = key !== null && stable(slot) && there.has(key);
      kept[slot] = keep ? key : null;
      if (keep) stays.add(key);
      if (key !== null && !there.has(key) && stable(slot) && restMs > 0) this.resting.set(slot, { key, until: now + restMs });
    }
    for (const [slot, { key, until }] of this.resting) {
      if (until > now && !there.has(key) && stable(slot)) continue;
      this.resting.delete(slot);
      if (there.has(key) && !stays.has(key) && (kept[slot] ?? null) === null) {
        kept[slot] = key;
        stays.add(key);
      }
    }
    const waiting = order.filter((key) => !stays.has(key));
    let next = 0;
    for (let slot = 0; next < waiting.length; slot++) {
      if ((kept[slot] ?? null) === null && !this.resting.has(slot)) kept[slot] = waiting[next++] ?? null;
    }
    while (kept.length > 0 && (kept[kept.length - 1] ?? null) === null) kept.pop();
    this.slots = kept;
    if (this.page >= this.pages()) this.page = this.pages() - 1;
  }

  pages(): number {
    return Math.max(1, Math.ceil(this.slots.length / this.perPage));
  }

  /** Goes to another page, round at the ends. */
  turn(by: number): void {
    const pages = this.pages();
    this.page = (((this.page + by) % pages) + pages) % pages;
  }

  /** The slots of the page that is looked at; `null` is a free one. */
  visible(): (string | null)[] {
    const from = this.page * this.perPage;
    return Array.from({ length: this.perPage }, (_, i) => this.slots[from + i] ?? null);
  }

  /** How many stand before and after the page. */
  elsewhere(): string[] {
    const from = this.page * this.perPage;
    return this.slots.filter((key, slot): key is string => key !== null && (slot < from || slot >= from + this.perPage));
  }
}
