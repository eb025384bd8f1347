import { linesOf, type LineState, type Ticket } from "./documents.ts";

export type Level = "normal" | "soon" | "late";

export interface Timing {
  /** What the big digits count: to a moment (down, then minus) or from one (up). */
  countdown: boolean;
  moment: number;
  level: Level;
}

type Drawn = Map<string, { state: LineState }> | undefined;

/** What a tile's clock shows at the agent's time `now`. */
export function timing(ticket: Ticket, drawn: Drawn, now: number): Timing {
  const since = Date.parse(ticket.since);
  let moment = NaN;
  let began = since;
  for (const line of linesOf(ticket)) {
    const state = drawn?.get(line.item)?.state ?? line.state;
    if (state !== "queued" && state !== "cooking") continue;
    const due = line.due_at ? Date.parse(line.due_at) : NaN;
    if (Number.isFinite(due) && !(moment <= due)) {
      moment = due;
      began = Number.isFinite(Date.parse(line.since)) ? Math.min(since, Date.parse(line.since)) : since;
    }
  }
  const due = ticket.due ? Date.parse(ticket.due) : NaN;
  const busy = linesOf(ticket).some((line) => ["queued", "cooking"].includes(drawn?.get(line.item)?.state ?? line.state));
  // Past its time an order counts from there, however long its dishes still take.
  if (busy && Number.isFinite(due) && (!Number.isFinite(moment) || (ticket.overdue && due <= now))) moment = due;
  let level: Level = "normal";
  if (Number.isFinite(moment)) {
    const left = moment - now;
    if (left < 0) level = "late";
    else if (left <= Math.max(60_000, (moment - began) * 0.2)) level = "soon";
  }
  if (ticket.overdue) level = "late";
  if (Number.isFinite(moment)) return { countdown: true, moment, level };
  return { countdown: false, moment: since, level };
}

/** `4:05`, `-0:20`, `1:02:07`. */
export function digits(ms: number): string {
  const minus = ms < 0;
  const total = Math.floor(Math.abs(ms) / 1000);
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  const seconds = String(total % 60).padStart(2, "0");
  const text = hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${seconds}` : `${minutes}:${seconds}`;
  return minus && total > 0 ? `−${text}` : text;
}

/** `18:42:07` of this machine's zone, for a moment of the agent's clock. */
export function wallClock(ms: number, seconds = false): string {
  const date = new Date(ms);
  const two = (n: number): string => String(n).padStart(2, "0");
  const text = `${two(date.getHours())}:${two(date.getMinutes())}`;
  return seconds ? `${text}:${two(date.getSeconds())}` : text;
}
