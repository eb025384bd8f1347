import type { Answer, LineState, Ticket } from "./documents.ts";
import { linesOf } from "./documents.ts";
import { keyOf } from "./stations.ts";

/** How long a screen waits for an answer before it shows the old state again. */
export const PATIENCE_MS = 3000;
/** How long a command may be done after it was given. */
export const VALID_MS = 60_000;

/** A command as the page gives it; `cmd` and `expires` are added here. */
export interface Order {
  op: "move" | "acknowledge" | "undo" | "hold" | "fire" | "rush" | "recall" | "pull" | "peak";
  station: string;
  ticket?: string;
  items?: string[];
  from?: LineState | LineState[];
  to?: string;
  of?: string;
  base?: number;
  course?: number;
  on?: boolean;
}

export interface Undo {
  cmd: string;
  station: string;
  ticket: string;
  number: string;
  to: string;
  until: number;
  /** The version that it brought; unknown until it is answered. */
  base: number | null;
}

interface Pending {
  cmd: string;
  order: Order;
  number: string;
  given: number;
  undoMs: number;
  sent: boolean;
  /** Shown as done; false after it was taken back. */
  shown: boolean;
  answered: boolean;
  /** From the answer: shown as done until the ticket has this version. */
  ver: number;
  answeredAt: number;
}

/** What the page has to say or sound. */
export type Outcome = "applied" | "noop" | "conflict" | "forbidden" | "expired" | "invalid" | "unavailable" | "silence" | "waiting";

export interface CommandPorts {
  /** Sends a command; false where there is no connection. */
  send: (command: Record<string, unknown>) => boolean;
  /** The agent's time for a moment of the steady clock, `null` while unknown. */
  agentTime: (steady: number) => number | null;
  now: () => number;
  id: () => string;
  outcome: (outcome: Outcome, order: Order, number: string, message?: string) => void;
}

/** The commands of this screen that are on their way, and what can be undone. */
export class Commands {
  private pending: Pending[] = [];
  private undos: Undo[] = [];
  private undoWanted: Undo | null = null;
  private readonly ports: CommandPorts;

  constructor(ports: CommandPorts) {
    this.ports = ports;
  }

  /** Gives a command. False where the same one is still on its way. */
  give(order: Order, number: string, undoS = 0): boolean {
    const same = JSON.stringify(order);
    if (this.pending.some((one) => !one.answered && JSON.stringify(one.order) === same)) return false;
    const now = this.ports.now();
    const one: Pending = {
      cmd: this.ports.id(),
      order,
      number,
      given: now,
      undoMs: undoS * 1000,
      sent: false,
      shown: true,
      answered: false,
      ver: 0,
      answeredAt: 0,
    };
    this.pending.push(one);
    if (undoS > 0 && order.ticket !== undefined) {
      this.undos.push({
        cmd: one.cmd,
        station: order.station,
        ticket: order.ticket,
        number,
        to: order.to ?? order.op,
        until: now + undoS * 1000,
        base: null,
      });
      if (this.undos.length > 8) this.undos.shift();
    }
    this.send(one);
    return true;
  }

  /** Takes the last bump back. False where there is none. */
  undo(): boolean {
    const last = this.lastUndo();
    if (!last || this.undoWanted) return false;
    if (last.base === null) {
      this.undoWanted = last;
      return true;
    }
    this.giveUndo(last, last.base);
    return true;
  }

  /** What can be undone now. */
  lastUndo(): Undo | null {
    const now = this.ports.now();
    for (let i = this.undos.length - 1; i >= 0; i--) {
      const undo = this.undos[i];
      if (undo && undo.until > now) return undo;
    }
    return null;
  }

  private giveUndo(undo: Undo, base: number): void {
    this.undos = this.undos.filter((other) => other.cmd !== undo.cmd);
    this.give({ op: "undo", station: undo.station, ticket: undo.ticket, of: undo.cmd, base }, undo.number);
  }

  /** An answer has come. False where it is not to a command of this page. */
  answer(answer: Answer): boolean {
    const one = this.pending.find((pending) => pending.cmd === answer.cmd);
    if (!one) return false;
    if (one.answered) return true;
    one.answered = true;
    one.answeredAt = this.ports.now();
    const done = answer.result === "applied" || answer.result === "noop";
    one.ver = answer.ver ?? 0;
    if (done) {
      const undo = this.undos.find((other) => other.cmd === one.cmd);
      if (undo && answer.result === "applied" && answer.ver !== undefined) {
        undo.base = answer.ver;
        // The time to undo counts from when the cook can see that it was done.
        undo.until = one.answeredAt + one.undoMs;
        if (this.undoWanted === undo) {
          this.undoWanted = null;
          this.giveUndo(undo, answer.ver);
        }
      } else {
        this.dropUndo(one.cmd);
      }
      if (!one.shown || answer.result === "noop" || one.ver === 0) this.drop(one);
      this.ports.outcome(answer.result as Outcome, one.order, one.number, answer.message);
    } else {
      this.dropUndo(one.cmd);
      this.drop(one);
      this.ports.outcome(answer.result as Outcome, one.order, one.number, answer.message);
    }
    return true;
  }

  /** The connection is there again: what has no answer yet is sent again, as the same command. */
  connected(): void {
    for (const one of [...this.pending]) if (!one.answered) this.send(one);
  }

  /** The connection is gone: what is given from now on waits. */
  disconnected(): void {
    for (const one of this.pending) one.sent = false;
  }

  /** Called a few times a second. True where something on the screen is different now. */
  tick(): boolean {
    const now = this.ports.now();
    let different = false;
    for (const one of [...this.pending]) {
      if (one.answered) {
        if (now - one.answeredAt > PATIENCE_MS) {
          this.drop(one);
          different = true;
        }
        continue;
      }
      if (!one.sent) this.send(one);
      if (now - one.given >= VALID_MS) {
        this.drop(one);
        this.dropUndo(one.cmd);
        this.ports.outcome("expired", one.order, one.number);
        different = true;
      } else if (one.shown && now - one.given >= PATIENCE_MS) {
        one.shown = false;
        this.ports.outcome(one.sent ? "silence" : "waiting", one.order, one.number);
        different = true;
      }
    }
    const undos = this.undos.filter((undo) => undo.until > now || (undo.base === null && this.waits(undo.cmd)));
    if (undos.length !== this.undos.length) {
      this.undos = undos;
      different = true;
    }
    return different;
  }

  /** A ticket has changed or gone: what it shows itself by now needs no help any more. */
  reconcile(find: (station: string, ticket: string) => Ticket | null): void {
    for (const one of [...this.pending]) {
      if (!one.answered || one.order.ticket === undefined) continue;
      const ticket = find(one.order.station, one.order.ticket);
      if (!ticket || ticket.ver >= one.ver) this.drop(one);
    }
  }

  /** Whether anything has no answer yet. */
  busy(): boolean {
    return this.pending.some((one) => !one.answered);
  }

  size(): number {
    return this.pending.length + this.undos.length;
  }

  /** What is on its way for each ticket, for drawing. */
  overlays(): Map<string, Overlay> {
    const overlays = new Map<string, Overlay>();
    for (const one of this.pending) {
      const { station, ticket } = one.order;
      if (ticket === undefined) continue;
      const key = keyOf(station, ticket);
      let overlay = overlays.get(key);
      if (!overlay) overlays.set(key, (overlay = { id: "", orders: [] }));
      overlay.id += `${one.cmd}:${one.shown ? 1 : 0};`;
      overlay.orders.push({ order: one.order, shown: one.shown });
    }
    return overlays;
  }

  private waits(cmd: string): boolean {
    return this.pending.some((one) => one.cmd === cmd && !one.answered);
  }

  private send(one: Pending): void {
    const expires = this.ports.agentTime(one.given + VALID_MS);
    if (expires === null) return;
    const command = { cmd: one.cmd, ...one.order, expires: new Date(expires).toISOString() };
    one.sent = this.ports.send(command);
  }

  private drop(one: Pending): void {
    this.pending = this.pending.filter((other) => other !== one);
  }

  private dropUndo(cmd: string): void {
    this.undos = this.undos.filter((undo) => undo.cmd !== cmd);
    if (this.undoWanted?.cmd === cmd) this.undoWanted = null;
  }
}

export interface Overlay {
  /** Differs whenever the overlay does. */
  id: string;
  orders: { order: Order; shown: boolean }[];
}

/** `pending`: shown as done already. `queued`: taken back on the screen, and still to be sent. */
export type Mark = "" | "pending" | "queued";

/** What a line shows while commands are on their way. */
export function drawn(ticket: Ticket, overlay: Overlay | undefined): Map<string, { state: LineState; mark: Mark; acknowledged: boolean }> {
  const result = new Map<string, { state: LineState; mark: Mark; acknowledged: boolean }>();
  for (const line of linesOf(ticket)) {
    let state = line.state;
    let mark: Mark = "";
    let acknowledged = false;
    for (const { order, shown } of overlay?.orders ?? []) {
      if (order.items && !order.items.includes(line.item)) continue;
      if (order.course !== undefined && order.course !== (line.course ?? 0)) continue;
      let to: LineState | null = null;
      if (order.op === "move") {
        const from = Array.isArray(order.from) ? order.from : [order.from];
        if (from.includes(state) || line.state === order.to) to = order.to as LineState;
      } else if (order.op === "fire" && state === "held") to = "queued";
      else if (order.op === "hold" && state === "queued") to = "held";
      else if (order.op === "acknowledge" && (state === "voided" || line.changed || line.void)) {
        to = state;
        if (shown) acknowledged = true;
      } else if (order.op === "undo") to = state;
      if (to === null) continue;
      if (shown) {
        state = to;
        mark = "pending";
      } else if (mark === "") mark = "queued";
    }
    result.set(line.item, { state, mark, acknowledged });
  }
  return result;
}
