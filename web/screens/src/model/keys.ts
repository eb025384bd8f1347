/** What a key does. A digit is `d0` to `d9`. */
export const FUNCTIONS = [
  "d1", "d2", "d3", "d4", "d5", "d6", "d7", "d8", "d9", "d0",
  "bump", "next", "previous", "undo", "recall", "menu", "back", "help",
] as const;
export type KeyFunction = (typeof FUNCTIONS)[number];
/** Keys that were learned: the key's name to its function. */
export type Learned = Record<string, KeyFunction>;

const PLAIN: Record<string, KeyFunction> = {
  Enter: "bump",
  "+": "next",
  PageDown: "next",
  ArrowRight: "next",
  ArrowDown: "next",
  "-": "previous",
  PageUp: "previous",
  ArrowLeft: "previous",
  ArrowUp: "previous",
  Backspace: "undo",
  Delete: "undo",
  "*": "recall",
  "/": "menu",
  ".": "back",
  ",": "back",
  Escape: "back",
  "=": "help",
  F1: "help",
};

/** The keypad by its place, for a keyboard without NumLock or with another layout. */
const KEYPAD: Record<string, KeyFunction> = {
  NumpadEnter: "bump",
  NumpadAdd: "next",
  NumpadSubtract: "previous",
  NumpadMultiply: "recall",
  NumpadDivide: "menu",
  NumpadDecimal: "back",
  NumpadEqual: "help",
};

export interface Press {
  key: string;
  code: string;
  ctrlKey?: boolean;
  altKey?: boolean;
  metaKey?: boolean;
}

/** The name under which a key is learned. */
export function nameOf(press: Press): string {
  const held = `${press.ctrlKey ? "Ctrl+" : ""}${press.altKey ? "Alt+" : ""}${press.metaKey ? "Meta+" : ""}`;
  return `${held}${press.code || press.key}`;
}

/** What a press means, `null` where it means nothing here. */
export function functionOf(press: Press, learned: Learned): KeyFunction | null {
  const taught = learned[nameOf(press)];
  if (taught) return taught;
  if (press.ctrlKey || press.altKey || press.metaKey) return null;
  const place = /^(?:Numpad|Digit)([0-9])$/.exec(press.code);
  if (place && (press.code.startsWith("Numpad") || press.key === place[1])) return `d${place[1]}` as KeyFunction;
  if (/^[0-9]$/.test(press.key)) return `d${press.key}` as KeyFunction;
  return KEYPAD[press.code] ?? PLAIN[press.key] ?? null;
}

/** The place in a list that a digit means: 1 is the first, 0 the tenth. */
export function place(fn: KeyFunction): number | null {
  if (!/^d[0-9]$/.test(fn)) return null;
  const digit = Number(fn.slice(1));
  return digit === 0 ? 9 : digit - 1;
}

/** The digit that a place in a list bears; none after the tenth. */
export function digitAt(index: number): string {
  return index < 9 ? String(index + 1) : index === 9 ? "0" : "";
}
