import { linesOf, type Manifest, type Ticket } from "./documents.ts";

/** What a change of a ticket means to those who watch. */
export type Happening = "new" | "ready" | "changed" | "void";

interface Station {
  id: string;
  manifest: Manifest | null;
  /** The documents as they came, by order. */
  held: Map<string, Ticket>;
  /** The orders that count, in their order. */
  visible: string[];
  /** Since when a ticket that the manifest names has not come, by order. */
  missing: Map<string, number>;
  named: Map<string, number>;
  /** What the first manifest named and has not come yet: no news when it comes. */
  first: Set<string>;
}

/** A ticket at a station, under one key. */
export function keyOf(station: string, order: string): string {
  return `${station}/${order}`;
}

/**
 * The stations that a screen watches. Numbers decide what is new, never the order of arrival:
 * the newest epoch, the manifest's `rev`, and the `rev` of each ticket.
 */
export class Stations {
  epoch = 0;
  private readonly stations = new Map<string, Station>();

  /** Watches these stations and forgets all others. */
  watch(ids: readonly string[]): void {
    for (const id of this.stations.keys()) if (!ids.includes(id)) this.stations.delete(id);
    for (const id of ids) {
      if (!this.stations.has(id)) {
        this.stations.set(id, {
          id,
          manifest: null,
          held: new Map(),
          visible: [],
          missing: new Map(),
          named: new Map(),
          first: new Set(),
        });
      }
    }
  }

  ids(): string[] {
    return [...this.stations.keys()];
  }

  manifest(station: string): Manifest | null {
    return this.stations.get(station)?.manifest ?? null;
  }

  ticket(station: string, order: string): Ticket | null {
    const held = this.stations.get(station);
    return held && held.visible.includes(order) ? (held.held.get(order) ?? null) : null;
  }

  /** Takes a manifest over, if it is newer than what is known. */
  applyManifest(id: string, manifest: Manifest, now: number): boolean {
    const station = this.stations.get(id);
    if (!station || manifest.epoch < this.epoch) return false;
    this.raise(manifest.epoch);
    const known = station.manifest;
    if (known && known.epoch === manifest.epoch && manifest.rev <= known.rev) return false;
    if (!known) station.first = new Set(manifest.tickets.map(([order]) => order));
    station.manifest = manifest;
    station.named = new Map(manifest.tickets);
    for (const [order, ticket] of station.held) {
      if (station.named.has(order)) continue;
      if (ticket.epoch < manifest.epoch || ticket.rev <= manifest.rev) station.held.delete(order);
    }
    this.settle(station, now);
    return true;
  }

  /** Takes a ticket over, or its clearing (`null`). Says what happened, for sounds. */
  applyTicket(id: string, order: string, ticket: Ticket | null, now: number): Happening | "quiet" | null {
    const station = this.stations.get(id);
    if (!station) return null;
    if (!ticket) {
      if (!station.held.delete(order)) return null;
      this.settle(station, now);
      return "quiet";
    }
    if (ticket.epoch < this.epoch) return null;
    this.raise(ticket.epoch);
    const before = station.held.get(order);
    if (before && before.epoch === ticket.epoch && ticket.rev <= before.rev) return null;
    const manifest = station.manifest;
    const current = manifest !== null && manifest.epoch === ticket.epoch;
    if (current && !station.named.has(order) && ticket.rev <= manifest.rev) return null;
    const wasVisible = station.visible.includes(order);
    const known = station.first.delete(order) || wasVisible;
    station.held.set(order, ticket);
    this.settle(station, now);
    if (!station.visible.includes(order)) return null;
    if (!known && !before) return "new";
    return before ? compare(before, ticket) : "quiet";
  }

  /** A greater epoch makes every manifest of a smaller one worthless; tickets wait for the new manifest. */
  private raise(epoch: number): void {
    if (epoch > this.epoch) this.epoch = epoch;
  }

  private settle(station: Station, now: number): void {
    const manifest = station.manifest;
    if (!manifest) {
      station.visible = [];
      return;
    }
    const visible: string[] = [];
    const missing = new Map<string, number>();
    for (const [order, ver] of manifest.tickets) {
      const ticket = station.held.get(order);
      if (ticket) visible.push(order);
      if (!ticket || ticket.epoch < manifest.epoch || ticket.ver < ver) {
        missing.set(order, station.missing.get(order) ?? now);
      }
    }
    const fresh: Ticket[] = [];
    for (const [order, ticket] of station.held) {
      if (station.named.has(order)) continue;
      // The manifest of this ticket's epoch is still to come, or it is newer than the manifest.
      if (ticket.epoch > manifest.epoch || ticket.rev > manifest.rev) fresh.push(ticket);
    }
    fresh.sort((a, b) => a.rev - b.rev);
    for (const ticket of fresh) visible.push(ticket.ticket);
    station.visible = visible;
    station.missing = missing;
  }

  /** Whether a ticket that a manifest names has been missing for so long that something was lost. */
  lacks(now: number, patience: number): boolean {
    for (const station of this.stations.values()) {
      for (const since of station.missing.values()) if (now - since > patience) return true;
    }
    return false;
  }

  /** Starts the patience for missing tickets anew, after they were asked for again. */
  askedAgain(now: number): void {
    for (const station of this.stations.values()) {
      for (const order of station.missing.keys()) station.missing.set(order, now);
    }
  }

  /** All tickets that count; of several stations merged by age, each station's order kept. */
  tickets(): Ticket[] {
    const queues: Ticket[][] = [];
    for (const station of this.stations.values()) {
      const queue: Ticket[] = [];
      for (const order of station.visible) {
        const ticket = station.held.get(order);
        if (ticket) queue.push(ticket);
      }
      if (queue.length > 0) queues.push(queue);
    }
    if (queues.length <= 1) return queues[0] ?? [];
    const heads = queues.map(() => 0);
    const merged: Ticket[] = [];
    for (;;) {
      let best = -1;
      let bestTicket: Ticket | undefined;
      for (let i = 0; i < queues.length; i++) {
        const head = queues[i]?.[heads[i] ?? 0];
        if (head && (!bestTicket || before(head, bestTicket))) {
          best = i;
          bestTicket = head;
        }
      }
      if (!bestTicket) return merged;
      merged.push(bestTicket);
      heads[best] = (heads[best] ?? 0) + 1;
    }
  }

  /** `{station: {ticket: ver}}` for the command `watch`: only what this epoch has said. */
  shown(): Record<string, Record<string, number>> {
    const shown: Record<string, Record<string, number>> = {};
    for (const station of this.stations.values()) {
      const tickets: Record<string, number> = {};
      for (const order of station.visible) {
        const ticket = station.held.get(order);
        if (ticket && ticket.epoch === this.epoch) tickets[order] = ticket.ver;
      }
      shown[station.id] = tickets;
    }
    return shown;
  }

  /** How many documents are held, for the test that nothing is left over. */
  size(): number {
    let size = 0;
    for (const station of this.stations.values()) size += station.held.size + station.missing.size;
    return size;
  }
}

function urgency(ticket: Ticket): number {
  return ticket.rush ? 0 : ticket.overdue ? 1 : 2;
}

function before(a: Ticket, b: Ticket): boolean {
  const urgent = urgency(a) - urgency(b);
  return urgent !== 0 ? urgent < 0 : a.since < b.since;
}

function compare(before: Ticket, after: Ticket): Happening | "quiet" {
  const old = new Map(linesOf(before).map((line) => [line.item, line]));
  let changed = false;
  let added = false;
  for (const line of linesOf(after)) {
    const was = old.get(line.item);
    if (line.state === "voided" && was?.state !== "voided") return "void";
    if (line.void && line.void.at !== was?.void?.at) return "void";
    if (line.changed && (!was?.changed || line.ver !== was.ver)) changed = true;
    if (!was) added = true;
  }
  if (after.state === "ready" && before.state !== "ready") return "ready";
  if (changed) return "changed";
  if (added && before.epoch === after.epoch) return "new";
  return "quiet";
}
