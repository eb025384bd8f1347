import { Component, Fragment, createRef, type JSX } from "preact";
import type { App } from "../app.ts";
import type { Overlay } from "../model/commands.ts";
import { linesOf, type Line, type LineState, type Ticket } from "../model/documents.ts";
import { digitAt } from "../model/keys.ts";
import type { Layout } from "../model/layout.ts";
import { keyOf } from "../model/stations.ts";
import { digits, timing, wallClock, type Level } from "../model/timing.ts";
import type { Translator } from "../i18n/index.ts";
import { LineView } from "./line.tsx";
import { Clock, Icon, Typed } from "./parts.tsx";

interface TileProps {
  app: App;
  t: Translator;
  ticket: Ticket;
  overlay: Overlay | undefined;
  slot: number;
  selected: boolean;
  linePage: number;
  level: Level;
  fresh: boolean;
  layout: Layout;
}

/** Whether all of a ticket is ready, and none of it served yet. */
export function allReady(ticket: Ticket): boolean {
  return ticket.state === "ready";
}

/** One ticket in its slot. */
export class Tile extends Component<TileProps, { hidden: number }> {
  override state = { hidden: 0 };
  private readonly body = createRef<HTMLDivElement>();

  override shouldComponentUpdate(next: TileProps, state: { hidden: number }): boolean {
    const now = this.props;
    return (
      next.ticket !== now.ticket || next.overlay?.id !== now.overlay?.id || next.selected !== now.selected || next.slot !== now.slot ||
      (next.selected && next.linePage !== now.linePage) || next.level !== now.level || next.fresh !== now.fresh || next.layout !== now.layout ||
      next.t !== now.t || state.hidden !== this.state.hidden
    );
  }

  override componentDidMount(): void {
    this.measure();
  }

  override componentDidUpdate(): void {
    this.measure();
  }

  private measure(): void {
    const body = this.body.current;
    if (!body) return;
    if (this.props.selected) {
      const digit = body.querySelector("kbd");
      const line = digit?.closest<HTMLElement>(".line");
      body.scrollTop = line && this.props.linePage > 0 ? line.offsetTop : 0;
    } else body.scrollTop = 0;
    const bottom = body.scrollTop + body.clientHeight + 2;
    let hidden = 0;
    for (const line of body.querySelectorAll<HTMLElement>(".line")) if (line.offsetTop + line.offsetHeight > bottom) hidden++;
    if (hidden !== this.state.hidden) this.setState({ hidden });
  }

  render(): JSX.Element {
    const { app, t, ticket, slot, selected, level, fresh } = this.props;
    const key = keyOf(ticket.station, ticket.ticket);
    const ready = allReady(ticket) && app.view() !== "kitchen";
    const shown = ready ? "ready" : level;
    return (
      <article
        class={`tile ${shown} ${selected ? "selected" : ""} ${fresh ? "fresh" : ""} ${ticket.state}`}
        data-testid="tile"
        data-ticket={ticket.ticket}
        data-station={ticket.station}
        data-slot={slot}
        data-state={ticket.state}
        data-level={level}
        data-ver={ticket.ver}
        data-selected={selected}
        aria-label={`${ticket.number} ${ticket.table ? t("table", { table: ticket.table }) : ""}`}
      >
        <header>
          <button type="button" class="head" data-testid="tile-bump" aria-label={`${t("bump")} ${ticket.number}`} onClick={() => app.bumpTicket(key)}>
            <span class="row">
              <kbd>{digitAt(slot)}</kbd>
              {app.view() === "waiter" && ticket.table ? (
                <b class="number" data-testid="table"><Icon name="dine-in" /> <Typed text={ticket.table} /></b>
              ) : (
                <b class="number" data-testid="number"><Typed text={ticket.number} /></b>
              )}
              <TileClock app={app} ticket={ticket} level={shown} />
            </span>
            <span class="row under">
              {app.view() === "waiter" ? (
                ticket.table ? <b class="table" data-testid="number">#<Typed text={ticket.number} /></b> : null
              ) : ticket.table ? (
                <b class="table" data-testid="table"><Icon name="dine-in" /> <Typed text={ticket.table} /></b>
              ) : null}
              {linesOf(ticket).some((line) => line.state !== "served" && (line.allergens?.length ?? 0) > 0) ? <mark class="allergen" data-testid="allergen"><Icon name="warning" />{t("allergensShort")}</mark> : null}
              <TileMarks t={t} ticket={ticket} level={shown} />
              {ticket.table && ticket.type === "dine-in" ? null : <span><Icon name={ticket.type} /> {t(typeKey(ticket.type))}</span>}
              {ticket.waiter ? <Typed text={ticket.waiter} /> : null}
              {ticket.guest ? <span>{t("guest")}: <Typed text={ticket.guest} /></span> : null}
              {ticket.guests ? <span>{t.n("guests", ticket.guests)}</span> : null}
              {ticket.due ? <span>{t("due", { time: wallClock(Date.parse(ticket.due)) })}</span> : null}
            </span>
          </button>
          <button type="button" class="dots" data-testid="tile-more" aria-label={this.state.hidden > 0 ? t("seeAll") : t("menu")} onClick={() => app.open(this.state.hidden > 0 ? "sheet" : "menu", key)}>
            {this.state.hidden > 0 ? <b>+{this.state.hidden}</b> : null}
            <Icon name="dots" />
          </button>
        </header>
        <div class="body" ref={this.body}>
          <TicketLines app={app} t={t} ticket={ticket} selected={selected} linePage={this.props.linePage} whole={false} />
        </div>
        {this.state.hidden > 0 ? <footer data-testid="more">▼ {t.n("more", this.state.hidden)}</footer> : null}
      </article>
    );
  }
}

export function typeKey(type: string): "type.dine-in" | "type.takeaway" | "type.pickup" | "type.delivery" | "type.bar" {
  return type === "takeaway" || type === "pickup" || type === "delivery" || type === "bar" ? `type.${type}` : "type.dine-in";
}

function TileClock({ app, ticket, level }: { app: App; ticket: Ticket; level: string }): JSX.Element {
  const icon = level === "late" ? "warning" : level === "soon" ? "clock" : level === "ready" ? "check" : "";
  return (
    <span class="time" data-testid="time">
      <Icon name={icon} />
      <Clock
        app={app}
        text={(now) => {
          if (!app.clock.known()) return "–:––";
          const drawn = app.drawn(ticket);
          const state = timing(ticket, drawn, now);
          return state.countdown ? digits(state.moment - now) : digits(Math.max(0, now - state.moment));
        }}
      />
    </span>
  );
}

export function TileMarks({ t, ticket, level }: { t: Translator; ticket: Ticket; level: string }): JSX.Element {
  return (
    <>
      {level === "ready" ? <mark class="good"><Icon name="check" />{t("allReady")}</mark> : null}
      {ticket.rush ? <mark data-testid="rush"><Icon name="bolt" />{t("rush")}</mark> : null}
      {ticket.overdue ? <mark data-testid="overdue"><Icon name="warning" />{t("overdue")}</mark> : level === "late" || level === "soon" ? <mark>{t(level)}</mark> : null}
      {ticket.delayed ? <mark data-testid="delayed"><Icon name="hourglass" />{t("delayed")}</mark> : null}
      {ticket.printed ? <mark data-testid="printed"><Icon name="paper" />{t("printed")}</mark> : null}
      {ticket.state === "held" ? <mark><Icon name="pause" />{t("held")}</mark> : null}
    </>
  );
}

interface LinesProps {
  app: App;
  t: Translator;
  ticket: Ticket;
  selected: boolean;
  linePage: number;
  whole: boolean;
}

/** The lines of a ticket with their separators; what was served is folded. */
export function TicketLines({ app, t, ticket, selected, linePage, whole }: LinesProps): JSX.Element {
  const states = app.drawn(ticket);
  const key = keyOf(ticket.station, ticket.ticket);
  const targets = app.targets(ticket);
  const digitOf = (line: Line): string => {
    const at = targets.indexOf(line) - linePage * 10;
    return selected && at >= 0 && at < 10 ? digitAt(at) : "";
  };
  const all = linesOf(ticket);
  let lines = all;
  const waiter = app.view() === "waiter";
  if (waiter) lines = [...all].sort((a, b) => Number(b.state === "ready") - Number(a.state === "ready"));
  const served = lines.filter((line) => line.state === "served");
  const open = whole ? lines : lines.filter((line) => line.state !== "served");
  let course = all[0]?.course ?? 0;
  let round = 1;
  const view = (line: Line): JSX.Element => {
    const drawn = states.get(line.item);
    const state: LineState = drawn?.state ?? line.state;
    const separators: JSX.Element[] = [];
    if (!waiter && (line.round ?? 1) > round) {
      round = line.round ?? 1;
      separators.push(<div key="r" class="separator addon" data-testid="add-on"><Icon name="change" />{t("addOn")}{round > 2 ? ` ${round - 1}` : ""}</div>);
    }
    if (!waiter && (line.course ?? 0) !== course) {
      course = line.course ?? 0;
      separators.push(<div key="c" class="separator" data-testid="course">{t("course", { n: course })}</div>);
    }
    return (
      <Fragment key={line.item}>
        {separators}
        <LineView
          t={t}
          line={line}
          state={state}
          mark={drawn?.mark ?? ""}
          acknowledged={drawn?.acknowledged ?? false}
          digit={digitOf(line)}
          whole={whole}
          can={targets.includes(line)}
          ready={(item) => app.bumpLine(key, item)}
        />
      </Fragment>
    );
  };
  return (
    <>
      {ticket.note ? <div class="ticketnote">“<Typed text={ticket.note} />”</div> : null}
      {open.map(view)}
      {!whole && served.length > 0 ? <div class="small folded" data-testid="folded"><Icon name="check" /> {t.n("servedFolded", served.length)}</div> : null}
      {ticket.also && ticket.also.length > 0 ? (
        <div class="also" data-testid="also">
          {t("also")}: {ticket.also.map((part) => (
            <span key={part.station} class="part"><Typed text={part.name} /> ({t(part.state === "voided" ? "voided" : part.state)}) </span>
          ))}
        </div>
      ) : null}
    </>
  );
}
