/** The documents of the kitchen as the agent publishes them. */

export type LineState = "held" | "queued" | "cooking" | "ready" | "served" | "voided";
export type TicketState = Exclude<LineState, "voided">;
export type StationKind = "kitchen" | "expediter" | "board";
export type View = "kitchen" | "expediter" | "waiter" | "board";
export type Language = "ru" | "ro" | "en";

export interface Modifier {
  name: string;
  quantity: string;
}

export interface Half {
  name: string;
  modifiers?: Modifier[];
}

export interface MixPart {
  name: string;
  station: string;
  name_of_station?: string;
}

export interface StationPart {
  station: string;
  name: string;
  state: LineState;
}

export interface Line {
  item: string;
  name: string;
  size?: string;
  quantity: string;
  unit?: string;
  state: LineState;
  since: string;
  ver: number;
  course?: number;
  seat?: number;
  fire_at?: string;
  due_at?: string;
  round?: number;
  changed?: boolean;
  was?: { quantity?: string; name?: string; modifiers?: Modifier[]; note?: string };
  void?: { at: string; reason?: string; by?: string; quantity?: string };
  modifiers?: Modifier[];
  halves?: Half[];
  allergens?: string[];
  note?: string;
  with?: MixPart[];
  stations?: StationPart[];
}

export interface Ticket {
  ticket: string;
  station: string;
  epoch: number;
  rev: number;
  ver: number;
  number: string;
  type: string;
  table?: string;
  waiter?: string;
  guest?: string;
  guests?: number;
  note?: string;
  state: TicketState;
  rush?: boolean;
  overdue?: boolean;
  delayed?: boolean;
  printed?: boolean;
  placed_at?: string;
  due?: string;
  since: string;
  also?: StationPart[];
  lines?: Line[];
}

export interface RecallEntry {
  ticket: string;
  number: string;
  table?: string;
  at: string;
  items: number;
}

export interface StationSummary {
  station: string;
  name: string;
  kind: string;
  open: number;
  cooking: number;
  peak: boolean;
  peak_to?: string | null;
  pulled_by?: string | null;
  watched: boolean;
}

export interface Manifest {
  station: string;
  name: string;
  kind: StationKind;
  epoch: number;
  rev: number;
  at: string;
  language?: string;
  steps?: number | string;
  cooking_s?: number;
  undo_s?: number;
  peak?: boolean;
  peak_to?: string | null;
  pulled_by?: string | null;
  printer?: boolean;
  tickets: [string, number][];
  recall?: RecallEntry[];
  pulls?: string[];
  others?: { station: string; name: string }[];
  stations?: StationSummary[];
}

export interface ScreenDocument {
  screen: string;
  name: string;
  view: View;
  stations: string[];
  language?: string;
  version?: string | number;
}

export interface Answer {
  cmd: string;
  result: string;
  at?: string;
  epoch?: number;
  ticket?: string;
  ver?: number;
  message?: string;
  duplicate?: boolean;
  build?: string;
}

type Loose = Record<string, unknown>;

const isObject = (value: unknown): value is Loose =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
const isText = (value: unknown): value is string => typeof value === "string";

/** Reads JSON; what is not JSON is `undefined`. */
export function parse(payload: string): unknown {
  try {
    return JSON.parse(payload) as unknown;
  } catch {
    return undefined;
  }
}

/** A manifest, or `null` where the document is not one. */
export function asManifest(value: unknown): Manifest | null {
  if (!isObject(value) || !isText(value["station"]) || !isNumber(value["epoch"]) || !isNumber(value["rev"])) return null;
  if (!Array.isArray(value["tickets"])) return null;
  const tickets = value["tickets"].filter(
    (entry): entry is [string, number] => Array.isArray(entry) && isText(entry[0]) && isNumber(entry[1]),
  );
  const name = isText(value["name"]) ? value["name"] : value["station"];
  return { ...(value as unknown as Manifest), name, tickets };
}

/** A ticket, or `null` where the document is not one. */
export function asTicket(value: unknown): Ticket | null {
  if (!isObject(value) || !isText(value["ticket"]) || !isText(value["station"])) return null;
  if (!isNumber(value["epoch"]) || !isNumber(value["rev"]) || !isNumber(value["ver"])) return null;
  const number = isText(value["number"]) ? value["number"] : value["ticket"].slice(-4);
  const lines = Array.isArray(value["lines"])
    ? value["lines"].filter((line) => isObject(line) && isText(line["item"]))
    : undefined;
  const ticket = { ...(value as unknown as Ticket), number };
  if (lines) ticket.lines = lines as unknown as Line[];
  else delete ticket.lines;
  return ticket;
}

/** What a screen is for, or `null` where the document does not say. */
export function asScreen(value: unknown): ScreenDocument | null {
  if (!isObject(value) || !isText(value["screen"]) || !isText(value["view"])) return null;
  if (!["kitchen", "expediter", "waiter", "board"].includes(value["view"])) return null;
  const stations = Array.isArray(value["stations"]) ? value["stations"].filter(isText) : [];
  const name = isText(value["name"]) ? value["name"] : value["screen"];
  return { ...(value as unknown as ScreenDocument), name, stations };
}

/** An answer to a command, or `null`. */
export function asAnswer(value: unknown): Answer | null {
  if (!isObject(value) || !isText(value["cmd"]) || !isText(value["result"])) return null;
  return value as unknown as Answer;
}

/** The lines of a ticket, none where it has none. */
export function linesOf(ticket: Ticket): Line[] {
  return ticket.lines ?? [];
}
