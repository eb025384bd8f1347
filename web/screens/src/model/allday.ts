import { linesOf, type Line, type Ticket } from "./documents.ts";
import type { Overlay } from "./commands.ts";
import { drawn } from "./commands.ts";
import { keyOf } from "./stations.ts";

export interface Total {
  name: string;
  unit: string;
  quantity: string;
  /** Of these, how many are not as the recipe says: something refused, or changed. */
  special: string;
}

/** A decimal as thousandths, so that sums are exact. */
export function thousandths(text: string | undefined): number {
  const match = /^\s*(\d+)(?:[.,](\d+))?\s*$/.exec(text ?? "1");
  if (!match) return 0;
  return Number(match[1]) * 1000 + Number((match[2] ?? "").padEnd(3, "0").slice(0, 3));
}

/** Thousandths as people write them: `2`, `0.25`. */
export function decimal(value: number): string {
  const text = (value / 1000).toFixed(3);
  return text.replace(/\.?0+$/, "");
}

function isSpecial(line: Line): boolean {
  const refused = (list: { quantity: string }[] | undefined): boolean => (list ?? []).some((one) => thousandths(one.quantity) === 0);
  return line.changed === true || refused(line.modifiers) || (line.halves ?? []).some((half) => refused(half.modifiers));
}

/** What is still to be cooked, by name: the most first. */
export function allDay(tickets: readonly Ticket[], overlays: Map<string, Overlay>): Total[] {
  const sums = new Map<string, { name: string; unit: string; all: number; special: number }>();
  for (const ticket of tickets) {
    const overlay = overlays.get(keyOf(ticket.station, ticket.ticket));
    const states = overlay ? drawn(ticket, overlay) : undefined;
    for (const line of linesOf(ticket)) {
      const state = states?.get(line.item)?.state ?? line.state;
      if (state === "ready" || state === "served" || state === "voided") continue;
      const name = line.size ? `${line.name} ${line.size}` : line.name;
      const unit = line.unit ?? "";
      const key = `${unit}\n${name}`;
      let sum = sums.get(key);
      if (!sum) sums.set(key, (sum = { name, unit, all: 0, special: 0 }));
      const quantity = thousandths(line.quantity);
      sum.all += quantity;
      if (isSpecial(line)) sum.special += quantity;
    }
  }
  return [...sums.values()]
    .sort((a, b) => b.all - a.all || a.name.localeCompare(b.name))
    .map((sum) => ({ name: sum.name, unit: sum.unit, quantity: decimal(sum.all), special: sum.special > 0 ? decimal(sum.special) : "" }));
}
