import type { Language } from "./model/documents.ts";
import type { Learned } from "./model/keys.ts";

/** What this panel keeps for itself. */
export interface Settings {
  done: boolean;
  language: Language | "auto";
  diagonalIn: number;
  distanceM: number;
  text: "auto" | "aim" | "least";
  rows: 0 | 1 | 2 | 3;
  allDay: "auto" | "yes" | "no";
  oneKey: boolean;
  volume: number;
  learned: Learned;
}

export interface Identity {
  screen: string;
  secret: string;
}

const SETTINGS = "screens.settings";
const IDENTITY = "screens.identity";

const DEFAULTS: Settings = {
  done: false,
  language: "auto",
  diagonalIn: 21.5,
  distanceM: 2,
  text: "auto",
  rows: 0,
  allDay: "auto",
  oneKey: false,
  volume: 0.7,
  learned: {},
};

function read<T>(name: string): Partial<T> | null {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(name) ?? "null");
    return typeof value === "object" && value !== null ? value : null;
  } catch {
    return null;
  }
}

function write(name: string, value: unknown): void {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, JSON.stringify(value));
  } catch {
    // A kiosk without storage pairs anew after each start; everything else works.
  }
}

/** The settings; `?diagonal=21.5&distance=2&language=ro` sets a kiosk up without asking. */
export function loadSettings(query: string): Settings {
  const settings: Settings = { ...DEFAULTS, ...read<Settings>(SETTINGS) };
  const asked = new URLSearchParams(query);
  const diagonal = Number(asked.get("diagonal"));
  if (diagonal >= 5 && diagonal <= 120) {
    settings.diagonalIn = diagonal;
    settings.done = true;
  }
  const distance = Number(asked.get("distance"));
  if (distance >= 0.4 && distance <= 6) settings.distanceM = distance;
  const language = asked.get("language");
  if (language === "ru" || language === "ro" || language === "en") settings.language = language;
  return settings;
}

export const saveSettings = (settings: Settings): void => write(SETTINGS, settings);
export const saveIdentity = (identity: Identity | null): void => write(IDENTITY, identity);

export function loadIdentity(): Identity | null {
  const identity = read<Identity>(IDENTITY);
  return typeof identity?.screen === "string" && typeof identity.secret === "string" ? { screen: identity.screen, secret: identity.secret } : null;
}
