import type { Language } from "../model/documents.ts";
import { en, type Texts } from "./en.ts";
import { ro } from "./ro.ts";
import { ru } from "./ru.ts";

const LANGUAGES: Record<Language, Record<string, string>> = { en, ro, ru };
const rules: Record<Language, Intl.PluralRules> = {
  en: new Intl.PluralRules("en"),
  ro: new Intl.PluralRules("ro"),
  ru: new Intl.PluralRules("ru"),
};

type Values = Record<string, string | number>;
type Plural = { [K in keyof Texts]: K extends `${infer Stem}_one` ? Stem : never }[keyof Texts];
export type Key = keyof Texts;

/** The texts of one language. */
export interface Translator {
  language: Language;
  (key: Key, values?: Values): string;
  /** The form for a number. */
  n: (stem: Plural, n: number, values?: Values) => string;
}

function fill(text: string, values: Values | undefined): string {
  return values ? text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole)) : text;
}

export function translator(language: Language): Translator {
  const texts = LANGUAGES[language];
  const t = ((key: Key, values?: Values) => fill(texts[key] ?? en[key], values)) as Translator;
  t.language = language;
  t.n = (stem, n, values) => {
    const text = texts[`${stem}_${rules[language].select(n)}`] ?? texts[`${stem}_other`] ?? "";
    return fill(text, { n, ...values });
  };
  return t;
}

/** The language that is meant by a tag such as `ro-MD`; English where it is none of ours. */
export function languageOf(tag: string | undefined | null): Language {
  const short = (tag ?? "").slice(0, 2).toLowerCase();
  return short === "ru" || short === "ro" ? short : "en";
}
