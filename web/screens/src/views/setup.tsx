import type { JSX } from "preact";
import type { App } from "../app.ts";
import { type Key } from "../i18n/index.ts";
import { FUNCTIONS, type KeyFunction } from "../model/keys.ts";
import { AIM_MM, CAPITAL } from "../model/layout.ts";
import { digits } from "../model/timing.ts";
import type { Settings } from "../settings.ts";
import { Button } from "./parts.tsx";

const DIAGONALS = [10.1, 12.1, 15.6, 17, 19, 21.5, 24, 27, 32, 43];

export function SetUp({ app }: { app: App }): JSX.Element {
  const { t, settings, layout } = app;
  const change = (next: Partial<Settings>) => () => app.change(next);
  const choice = (label: string, on: boolean, next: Partial<Settings>): JSX.Element => (
    <button type="button" key={label} class={on ? "button chosen" : "button"} aria-pressed={on} onClick={change(next)}>{label}</button>
  );
  const step = (value: number, by: number, least: number, most: number): number => Math.min(most, Math.max(least, Math.round((value + by) * 10) / 10));
  const nameOf = (fn: KeyFunction): string => (/^d[0-9]$/.test(fn) ? t("digitKey", { n: fn.slice(1) }) : t(`key.${fn}` as Key));
  return (
    <div class="setup" data-testid="setup">
      <h1>{t("setupTitle")}</h1>
      <section>
        <h2>{t("setupLanguage")}</h2>
        <div class="choices">
          {choice("Русский", settings.language === "ru", { language: "ru" })}
          {choice("Română", settings.language === "ro", { language: "ro" })}
          {choice("English", settings.language === "en", { language: "en" })}
          {choice(t("setupLanguageAuto"), settings.language === "auto", { language: "auto" })}
        </div>
      </section>
      <section>
        <h2>{t("setupDiagonal")}: <b data-testid="diagonal">{settings.diagonalIn}</b></h2>
        <p>{t("setupDiagonalText")}</p>
        <div class="choices">
          <Button label="−" onClick={change({ diagonalIn: step(settings.diagonalIn, -0.1, 5, 120) })} />
          <input type="number" data-testid="diagonal-input" min="5" max="120" step="0.1" value={settings.diagonalIn} aria-label={t("setupDiagonal")}
            onChange={(event) => { const value = Number(event.currentTarget.value); if (value >= 5 && value <= 120) app.change({ diagonalIn: value }); }} />
          <Button label="+" onClick={change({ diagonalIn: step(settings.diagonalIn, 0.1, 5, 120) })} />
          {DIAGONALS.map((inches) => choice(`${inches}″`, settings.diagonalIn === inches, { diagonalIn: inches }))}
        </div>
      </section>
      <section>
        <h2>{t("setupDistance")}: <b>{settings.distanceM}</b></h2>
        <div class="choices">
          <Button label="−" onClick={change({ distanceM: step(settings.distanceM, -0.1, 0.4, 6) })} />
          <Button label="+" onClick={change({ distanceM: step(settings.distanceM, 0.1, 0.4, 6) })} />
          {[0.6, 1, 1.5, 2, 3].map((metres) => choice(`${metres} m`, settings.distanceM === metres, { distanceM: metres }))}
        </div>
      </section>
      <section>
        <h2>{t("setupText")}</h2>
        <div class="choices">
          {(["auto", "aim", "least"] as const).map((text) => choice(t(`setupText.${text}`), settings.text === text, { text }))}
        </div>
        <h2>{t("setupRows")}</h2>
        <div class="choices">
          {([0, 1, 2, 3] as const).map((rows) => choice(rows === 0 ? t("setupRowsAuto") : String(rows), settings.rows === rows, { rows }))}
        </div>
        <h2>{t("setupAllDay")}</h2>
        <div class="choices">
          {choice(t("setupAllDay.auto"), settings.allDay === "auto", { allDay: "auto" })}
          {choice(t("yes"), settings.allDay === "yes", { allDay: "yes" })}
          {choice(t("no"), settings.allDay === "no", { allDay: "no" })}
        </div>
        <p data-testid="setup-result">
          {t("setupResult", { columns: layout.columns, rows: layout.rows, slots: layout.slots, capital: ((layout.font * CAPITAL) / layout.pxPerMm).toFixed(1), touch: (layout.touch / layout.pxPerMm).toFixed(1) })}
        </p>
        <p class="sample" style={{ fontSize: `${layout.font}px` }}>P MARGAR LAR 12:07 <small>({((AIM_MM * settings.distanceM) / 2).toFixed(1)})</small></p>
      </section>
      <section>
        <h2>{t("setupOneKey")}</h2>
        <div class="choices">
          {choice(t("yes"), settings.oneKey, { oneKey: true })}
          {choice(t("no"), !settings.oneKey, { oneKey: false })}
        </div>
      </section>
      <section>
        <h2>{t("setupVolume")}: {Math.round(settings.volume * 100)} %</h2>
        <div class="choices">
          {[0, 0.3, 0.5, 0.7, 1].map((volume) => choice(`${volume * 100} %`, settings.volume === volume, { volume }))}
        </div>
        <h2>{t("setupSound")}</h2>
        <div class="choices">
          {(["new", "ready", "changed", "void", "error"] as const).map((sound) => (
            <Button key={sound} label={t(`sound.${sound}`)} testid={`sound-${sound}`} onClick={() => { app.sounds.unlock(); window.setTimeout(() => app.play(sound), 60); }} />
          ))}
        </div>
      </section>
      <section>
        <h2>{t("setupKeys")}</h2>
        {app.learning ? <p class="learning" data-testid="learning">{t("setupLearn", { name: nameOf(app.learning) })}</p> : null}
        <div class="choices keys">
          {FUNCTIONS.map((fn) => {
            const keys = Object.entries(settings.learned).filter(([, one]) => one === fn).map(([key]) => key);
            return <Button key={fn} label={`${nameOf(fn)}${keys.length > 0 ? `: ${keys.join(", ")}` : ""}`} testid={`learn-${fn}`} class={app.learning === fn ? "chosen" : ""} onClick={() => app.learn(app.learning === fn ? null : fn)} />;
          })}
          <Button label={t("setupForget")} onClick={change({ learned: {} })} />
        </div>
      </section>
      <div class="save"><Button label={t("setupSave")} icon="check" class="chosen" testid="setup-save" onClick={() => app.setUp(false)} /></div>
    </div>
  );
}

export function PairingView({ app }: { app: App }): JSX.Element {
  const { t } = app;
  const offer = app.pairing?.offer;
  const code = offer ? (offer.code.includes("-") ? offer.code : `${offer.code.slice(0, 3)}-${offer.code.slice(3)}`) : null;
  return (
    <div class="pairing" data-testid="pairing">
      {app.reason ? <p class="reason" data-testid="reason">{t(app.reason)}</p> : null}
      <h1>{t("pairTitle")}</h1>
      {app.about ? <p class="outlet"><b>{app.about.outlet}</b></p> : null}
      {code && app.pairing ? (
        <>
          <p class="code" data-testid="code">{code}</p>
          <p>{t("pairText")} <code>outletd screens admit {code}</code> {t("pairStatus")}</p>
          <p data-testid="code-valid">{t("pairValid", { time: digits(app.pairing.left()) })}</p>
          {offer?.fingerprint ? <p>{t("fingerprint")}:<br /><code class="fingerprint" data-testid="fingerprint">{offer.fingerprint}</code><br />{t("fingerprintText")}</p> : null}
        </>
      ) : null}
      {app.about?.plain ? <p class="reason" data-testid="plain">{t("plain")}</p> : null}
      {!app.about || app.pairing?.unreachable ? <p class="reason" data-testid="unreachable">{t("pairUnreachable")}</p> : null}
      <div class="save"><Button label={t("setup")} testid="open-setup" onClick={() => app.setUp(true)} /></div>
    </div>
  );
}

export function WaitingView({ app }: { app: App }): JSX.Element {
  return (
    <div class="pairing" data-testid="waiting-document">
      <h1>{app.about?.outlet ?? ""}</h1>
      <p>{app.about && app.connected() ? app.t("waitingDocument") : app.t("pairUnreachable")}</p>
      <p data-testid="link" data-state={app.linkState()}>{app.t(app.linkState())}</p>
      <div class="save"><Button label={app.t("setup")} testid="open-setup" onClick={() => app.setUp(true)} /></div>
    </div>
  );
}
