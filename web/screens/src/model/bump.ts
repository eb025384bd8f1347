import { linesOf, type Line, type LineState, type Manifest, type Ticket, type View } from "./documents.ts";
import type { Order } from "./commands.ts";

/** The next state of a line for a view, or `null` where a bump does nothing. */
export function next(view: View, steps: number, state: LineState): LineState | null {
  if (view === "expediter" || view === "waiter") return state === "ready" ? "served" : null;
  if (view !== "kitchen") return null;
  if (state === "queued") return steps === 1 ? "ready" : "cooking";
  if (state === "cooking") return "ready";
  return null;
}

export function stepsOf(manifest: Manifest | null): number {
  return Number(manifest?.steps ?? 2) === 1 ? 1 : 2;
}

/** Whether a line asks for a bump that only says "seen". */
export function unseen(line: Line): boolean {
  return line.state === "voided" || line.changed === true || line.void !== undefined;
}

/** Whether the bump of a line does anything. */
export function bumpable(view: View, steps: number, line: Line, state: LineState, acknowledged: boolean): boolean {
  if (view === "board") return false;
  if (unseen(line) && !acknowledged && view !== "waiter") return true;
  return next(view, steps, state) !== null;
}

/** The command that bumps one line, or `null`. */
export function bumpLine(view: View, steps: number, ticket: Ticket, line: Line, state: LineState, acknowledged: boolean): Order | null {
  const base = { station: ticket.station, ticket: ticket.ticket, items: [line.item] };
  if (unseen(line) && !acknowledged && view !== "waiter") return { op: "acknowledge", ...base };
  const to = next(view, steps, state);
  return to === null ? null : { op: "move", ...base, from: state, to };
}

type Drawn = Map<string, { state: LineState; acknowledged: boolean }>;

/** What stands between a whole ticket and its bump, in the words of the page. */
export type Refusal = "nothing" | "not-ready" | "held";

/**
 * The commands that bump a whole ticket: first all that is only to be seen, then one step for
 * the states that are furthest behind.
 */
export function bumpTicket(view: View, steps: number, ticket: Ticket, drawn: Drawn, partly = false): Order[] | Refusal {
  const lines = linesOf(ticket);
  const orders: Order[] = [];
  const base = { station: ticket.station, ticket: ticket.ticket };
  const state = (line: Line): LineState => drawn.get(line.item)?.state ?? line.state;
  const seen = (line: Line): boolean => !unseen(line) || (drawn.get(line.item)?.acknowledged ?? false);
  const unseenLines = lines.filter((line) => !seen(line)).map((line) => line.item);
  if (view !== "waiter" && unseenLines.length > 0) orders.push({ op: "acknowledge", ...base, items: unseenLines });
  const open = lines.filter((line) => !["served", "voided"].includes(state(line)));
  // Each line is named: what has come a moment ago, and nobody has read, is not bumped along.
  const items = (...states: LineState[]): string[] => open.filter((line) => states.includes(state(line))).map((line) => line.item);
  if (view === "expediter" || view === "waiter") {
    const ready = open.filter((line) => state(line) === "ready");
    if (ready.length === 0 && orders.length === 0) return open.length > 0 ? "not-ready" : "nothing";
    if (view === "expediter" && !partly && ready.length < open.length) return orders.length > 0 ? orders : "not-ready";
    if (ready.length > 0) orders.push({ op: "move", ...base, items: items("ready"), from: "ready", to: "served" });
    return orders;
  }
  const queued = open.some((line) => state(line) === "queued");
  const cooking = open.some((line) => state(line) === "cooking");
  if (steps === 1) {
    if (queued || cooking) orders.push({ op: "move", ...base, items: items("queued", "cooking"), from: cooking ? ["queued", "cooking"] : "queued", to: "ready" });
  } else if (queued) orders.push({ op: "move", ...base, items: items("queued"), from: "queued", to: "cooking" });
  else if (cooking) orders.push({ op: "move", ...base, items: items("cooking"), from: "cooking", to: "ready" });
  if (orders.length > 0) return orders;
  return open.some((line) => state(line) === "held") ? "held" : "nothing";
}
