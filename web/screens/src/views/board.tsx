import type { JSX } from "preact";
import type { App } from "../app.ts";
import { linesOf } from "../model/documents.ts";
import { keyOf } from "../model/stations.ts";
import { stationEntries } from "../menus.ts";
import { Button, Clock, Icon, Typed } from "./parts.tsx";
import { Tile } from "./tile.tsx";

/** The slots with their tiles: kitchen, expediter and waiter. */
export function Tiles({ app }: { app: App }): JSX.Element {
  const { layout, slots } = app;
  return (
    <main class="tiles">
      {slots.visible().map((key, slot) => {
        const ticket = key === null ? null : app.find(key);
        return (
          <div class="slot" key={slot} data-testid="slot" data-slot={slot}>
            {ticket && key !== null ? (
              <Tile
                key={key}
                app={app}
                t={app.t}
                ticket={ticket}
                overlay={app.overlays.get(key)}
                slot={slot}
                selected={app.selected === key}
                linePage={app.linePage}
                level={app.levels.get(key) ?? "normal"}
                fresh={app.fresh.has(key)}
                layout={layout}
              />
            ) : null}
          </div>
        );
      })}
      {app.tickets.length === 0 && app.lastAnswer >= 0 ? <p class="none">{app.screen?.stations.length === 0 ? app.t("noStations") : app.t("none")}</p> : null}
    </main>
  );
}

export function AllDay({ app }: { app: App }): JSX.Element | null {
  if (!app.allDayOn) return null;
  const { t } = app;
  return (
    <aside class="allday" data-testid="all-day" aria-label={t("allDay")}>
      <h2>{t("allDay")}</h2>
      {app.totals.length === 0 ? <p>{t("nothingToCook")}</p> : null}
      <ul>
        {app.totals.slice(0, 60).map((total) => (
          <li key={`${total.unit}\n${total.name}`} data-testid="total" data-name={total.name} data-quantity={total.quantity}>
            <b>{total.quantity}{total.unit ? ` ${total.unit}` : ""}</b>
            <span><Typed class="of" text={total.name} />{total.special ? <i> {total.special} {t("special")}</i> : null}</span>
          </li>
        ))}
      </ul>
    </aside>
  );
}

/** The expediter's strips: what is overdue, and how the stations are. */
export function ExpediterStrips({ app }: { app: App }): JSX.Element {
  const { t } = app;
  const overdue = app.overdue();
  const stations = (app.manifest()?.stations ?? []).filter((station) => station.kind === "kitchen");
  const nameOf = (id: string): string => stations.find((station) => station.station === id)?.name ?? id;
  return (
    <div class="strips">
      {overdue.length > 0 ? (
        <div class="overdue" data-testid="overdue-strip" role="status">
          <Icon name="warning" /> {t("overdueStrip")}: {overdue.slice(0, 20).map((ticket) => <b key={keyOf(ticket.station, ticket.ticket)}> #<Typed text={ticket.number} /></b>)}
          {overdue.length > 20 ? t.n("more", overdue.length - 20) : null}
        </div>
      ) : null}
      <div class="stations" data-testid="stations">
        {stations.map((station) => (
          <button
            type="button"
            key={station.station}
            class={station.watched ? "station" : "station unwatched"}
            data-testid="station"
            data-station={station.station}
            data-watched={station.watched}
            onClick={() => app.choose(t("menuStation", { name: station.name }), stationEntries(app, station.station))}
          >
            <b><Typed text={station.name} /></b>
            <span>{t("open")} {station.open} · <Icon name="flame" /> {station.cooking}</span>
            {station.watched ? null : <mark><Icon name="warning" />{t("unwatched")}</mark>}
            {station.peak ? <mark><Icon name="bolt" />{t("peak")}</mark> : null}
            {station.pulled_by ? <mark><Icon name="change" />{t("pulledBy", { name: nameOf(station.pulled_by) })}</mark> : null}
          </button>
        ))}
      </div>
    </div>
  );
}

/** What is not ready yet, for waiters: one line. */
export function CookingStrip({ app }: { app: App }): JSX.Element {
  const cooking = app.tickets.filter((ticket) => !linesOf(ticket).some((line) => line.state === "ready") && ticket.state !== "served");
  return (
    <div class="cookingstrip" data-testid="cooking-strip">
      <Icon name="flame" /> {app.t("cookingNow")}:
      {cooking.slice(0, 40).map((ticket) => (
        <span key={keyOf(ticket.station, ticket.ticket)}> {ticket.table ? app.t("table", { table: ticket.table }) : `#${ticket.number}`}</span>
      ))}
      {cooking.length === 0 ? " 0" : null}
    </div>
  );
}

/** For guests: numbers, and whether they are ready. */
export function GuestBoard({ app }: { app: App }): JSX.Element {
  const { t } = app;
  const ready = app.tickets.filter((ticket) => ticket.state === "ready").sort((a, b) => b.since.localeCompare(a.since) || b.rev - a.rev);
  const preparing = app.tickets.filter((ticket) => ticket.state !== "ready" && ticket.state !== "served");
  const column = (state: string, title: string, icon: string, list: typeof ready): JSX.Element => {
    const size = list.length > 24 ? "many" : list.length > 8 ? "some" : "few";
    return (
      <section class={`column ${state} ${size}`} data-testid={`column-${state}`}>
        <h2><Icon name={icon} /> {title}</h2>
        <div class="numbers">
          {list.slice(0, 60).map((ticket) => {
            const key = keyOf(ticket.station, ticket.ticket);
            return (
              <span key={key} class={state === "ready" && app.fresh.has(key) ? "guestnumber fresh" : "guestnumber"} data-testid="tile" data-ticket={ticket.ticket} data-state={ticket.state} data-ver={ticket.ver}>
                <Typed text={ticket.number} />
              </span>
            );
          })}
        </div>
      </section>
    );
  };
  return (
    <main class="guestboard">
      {column("preparing", t("preparing"), "flame", preparing)}
      {column("ready", t("boardReady"), "check", ready)}
      <div class="boardlink" data-testid="link" data-state={app.linkState()}>
        {app.linkState() === "live" && !app.stale() ? null : <><Icon name="warning" /> {app.lastAnswer >= 0 ? t("boardStale", { time: app.lastAnswerTime() }) : t("connecting")}</>}
      </div>
    </main>
  );
}

/** Connection, age and time: always there. */
export function TopBar({ app }: { app: App }): JSX.Element {
  const { t } = app;
  const state = app.linkState();
  const orders = app.tickets.length;
  const away = app.slots.elsewhere();
  const rush = away.map((key) => app.find(key)).filter((ticket) => ticket?.rush || ticket?.overdue);
  return (
    <div class="top">
      <span class="who"><Typed text={app.screen?.name ?? ""} /></span>
      <span data-testid="count">{t.n("orders", orders)}</span>
      {away.length > 0 ? (
        <span class="away" data-testid="waiting">
          {t.n("waiting", away.length)}
          {rush.slice(0, 3).map((ticket) => ticket ? <mark key={ticket.ticket}><Icon name={ticket.rush ? "bolt" : "warning"} />#{ticket.number}</mark> : null)}
        </span>
      ) : null}
      {app.manifest()?.peak ? <mark><Icon name="bolt" />{t("peak")}</mark> : null}
      {app.manifest()?.pulled_by ? <mark data-testid="pulled"><Icon name="change" />{t("pulledBy", { name: app.manifest()?.pulled_by ?? "" })}</mark> : null}
      {(app.manifest()?.pulls ?? []).map((from) => (
        <mark key={from} data-testid="pulls" data-station={from}>
          <Icon name="change" />{t("pullsFrom", { name: app.manifest()?.others?.find((other) => other.station === from)?.name ?? from })}
        </mark>
      ))}
      <span class="space" />
      <span class={`link ${state}`} data-testid="link" data-state={state} role="status">
        <Icon name={state === "live" ? "link" : "warning"} />
        {t(state)}{" "}
        <Clock app={app} text={() => (app.lastAnswer >= 0 ? t("seconds", { n: Math.floor(app.answerAge() / 1000) }) : "")} />
      </span>
      <Clock app={app} class="wall" text={(now) => (app.clock.known() ? new Date(now).toTimeString().slice(0, 5) : "–:–")} />
    </div>
  );
}

export function StaleBanner({ app }: { app: App }): JSX.Element | null {
  if (!app.stale() && app.agentOnline) return null;
  const { t } = app;
  const seconds = Math.floor(app.answerAge() / 1000);
  const age = seconds < 120 ? t("seconds", { n: seconds }) : t("minutes", { n: Math.floor(seconds / 60) });
  return (
    <div class="banner" data-testid="stale-banner" role="alert">
      <Icon name="warning" />
      <span>
        {!app.agentOnline ? `${t("agentOffline")} ` : ""}
        {app.stale() ? (app.lastAnswer >= 0 ? t("staleBanner", { time: app.lastAnswerTime(), age }) : t("staleBannerNever")) : ""}
      </span>
    </div>
  );
}

/** Buttons, the undo bar and messages. Their places never change. */
export function BottomBar({ app }: { app: App }): JSX.Element {
  const { t } = app;
  const undo = app.commands.lastUndo();
  const pages = app.slots.pages();
  return (
    <nav class="bottom">
      {pages > 1 ? (
        <span class="pager">
          <Button label={t("previous")} digit="−" testid="page-previous" onClick={() => app.turn(-1)} />
          <span class="page" data-testid="page">{t("page", { n: app.slots.page + 1, of: pages })}</span>
          <Button label={t("next")} digit="+" testid="page-next" onClick={() => app.turn(1)} />
        </span>
      ) : null}
      <span class="middle">
        {undo ? (
          <Button label={t("undo")} class="undo" digit="⌫" icon="undo" testid="undo" onClick={() => app.undo()}>
            <span>{t("undo")} #<Typed text={undo.number} /> <Clock app={app} text={() => String(Math.max(0, Math.ceil((undo.until - performance.now()) / 1000)))} /></span>
          </Button>
        ) : null}
        {app.toast ? <span class={app.toast.bad ? "toast bad" : "toast"} data-testid="toast" role="alert"><Icon name="warning" /><span>{app.toast.text}</span></span> : null}
      </span>
      {app.sounds.blocked ? <Button label={t("soundBlocked")} class="blocked" icon="mute" testid="sound-blocked" onClick={() => app.sounds.unlock()} /> : null}
      <Button label={t("recall")} digit="*" testid="open-recall" onClick={() => app.open("recall")} />
      <Button label={t("menu")} digit="/" testid="open-menu" onClick={() => app.open("menu", app.selected ?? undefined)} />
      {app.view() === "kitchen" || app.view() === "expediter" ? <Button label={t("allDay")} testid="toggle-all-day" pressed={app.allDayOn} onClick={() => app.toggleAllDay()}><span>Σ</span></Button> : null}
      <Button label={t("lock")} testid="lock" onClick={() => app.lock()}><Icon name="drop" /></Button>
      <Button label={t("help")} testid="open-help" onClick={() => app.open("help")}><span>?</span></Button>
      <Button label={t("setup")} testid="open-setup" onClick={() => app.setUp(true)}><Icon name="sliders" /></Button>
    </nav>
  );
}
