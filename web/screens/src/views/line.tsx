import type { JSX } from "preact";
import type { Translator } from "../i18n/index.ts";
import { thousandths } from "../model/allday.ts";
import type { Mark } from "../model/commands.ts";
import type { Half, Line, LineState, Modifier } from "../model/documents.ts";
import { wallClock } from "../model/timing.ts";
import { Icon, Typed } from "./parts.tsx";

const STATE_ICON: Record<LineState, string> = { held: "pause", queued: "", cooking: "flame", ready: "check", served: "check", voided: "cross" };
const FEW = 12;

interface LineProps {
  t: Translator;
  line: Line;
  state: LineState;
  mark: Mark;
  acknowledged: boolean;
  digit: string;
  whole: boolean;
  can: boolean;
  ready: (item: string) => void;
}

/** One line of a ticket; a button where a bump does something. */
export function LineView(props: LineProps): JSX.Element {
  const { t, line, state, mark, acknowledged, digit, whole, can } = props;
  const label = `${line.quantity} ${line.name}, ${t(state === "voided" ? "voided" : state)}`;
  const attributes = {
    "data-testid": "line",
    "data-item": line.item,
    "data-state": state,
    "data-pending": mark === "" ? "false" : mark === "pending" ? "true" : "queued",
    class: `line ${state} ${mark} ${acknowledged ? "acknowledged" : ""} ${line.changed ? "changed" : ""} ${whole ? "whole" : ""}`,
  };
  const content = (
    <>
      <span class="mark">
        {digit ? <kbd>{digit}</kbd> : null}
        {mark === "pending" ? <Icon name="hourglass" /> : mark === "queued" ? <Icon name="send" /> : <Icon name={STATE_ICON[state]} />}
      </span>
      <span class="text">
        <span class="name">
          <b class="quantity">{line.quantity}{line.unit ? ` ${line.unit}` : ""}</b> <Typed text={line.name} />
          {line.size ? <> <Typed class="size" text={line.size} /></> : null}
          {line.with && line.with.length > 0 ? <Mix t={t} line={line} /> : null}
        </span>
        <Changed t={t} line={line} />
        <Modifiers t={t} list={line.modifiers} whole={whole} />
        {(line.halves ?? []).map((half, i) => <HalfView key={i} t={t} half={half} n={i + 1} whole={whole} />)}
        {line.note ? <span class="note">“<Typed text={line.note} />”</span> : null}
        {line.allergens && line.allergens.length > 0 ? (
          <span class="allergens"><Icon name="warning" /> {t("allergens")}: <Typed text={line.allergens.join(", ")} /></span>
        ) : null}
        {line.seat !== undefined ? <span class="small">{t("seat", { n: line.seat })}</span> : null}
        {state === "held" ? (
          <span class="small">{t("held")}: {line.fire_at ? t("fireAt", { time: wallClock(Date.parse(line.fire_at)) }) : t("byHand")}</span>
        ) : null}
        {line.void ? (
          <span class="voidnote">
            <Icon name="cross" /> {t("voided")}{line.void.quantity ? ` ${line.void.quantity}` : ""}
            {line.void.reason ? <>: <Typed text={line.void.reason} /></> : null}
            {line.void.by ? <> (<Typed text={t("by", { name: line.void.by })} />)</> : null}
            {acknowledged ? null : <> · {t("toAcknowledge")}</>}
          </span>
        ) : null}
        {line.stations && line.stations.length > 0 ? (
          <span class="parts">
            {line.stations.map((part) => (
              <span key={part.station} class={`part ${part.state}`} data-testid="part" data-station={part.station} data-state={part.state}>
                <Icon name={STATE_ICON[part.state]} /> <Typed text={part.name} />: {t(part.state === "voided" ? "voided" : part.state)}
              </span>
            ))}
          </span>
        ) : null}
      </span>
    </>
  );
  if (!can) return <div {...attributes} aria-label={label} role="group">{content}</div>;
  return (
    <button type="button" {...attributes} aria-label={label} onClick={() => props.ready(line.item)}>
      {content}
    </button>
  );
}

function Mix({ t, line }: { t: Translator; line: Line }): JSX.Element {
  return (
    <span class="mix">
      {(line.with ?? []).map((part, i) => (
        <span key={i}> <i>{t("mix")}</i> <Typed text={part.name} /> (<Typed text={part.name_of_station ?? part.station} />)</span>
      ))}
    </span>
  );
}

function Changed({ t, line }: { t: Translator; line: Line }): JSX.Element | null {
  if (!line.changed) return null;
  const was = line.was ?? {};
  const parts = [
    was.quantity !== undefined ? `${was.quantity} ×` : "",
    was.name ?? "",
    was.modifiers ? was.modifiers.map((one) => (thousandths(one.quantity) === 0 ? `0 × ${one.name}` : one.name)).join(", ") : "",
    was.note ? `“${was.note}”` : "",
  ].filter((part) => part !== "");
  return (
    <span class="changednote">
      <Icon name="change" /> {t("changed")}
      {parts.length > 0 ? <>, {t("was")}: <Typed text={parts.join(" ")} /></> : null} · {t("toAcknowledge")}
    </span>
  );
}

function Modifiers({ t, list, whole }: { t: Translator; list: Modifier[] | undefined; whole: boolean }): JSX.Element | null {
  if (!list || list.length === 0) return null;
  const shown = whole ? list : list.slice(0, FEW);
  return (
    <span class="modifiers">
      {shown.map((modifier, i) => {
        const refused = thousandths(modifier.quantity) === 0;
        return (
          <span key={i} class={refused ? "modifier refused" : "modifier"}>
            {refused ? <><Icon name="ban" /> 0 × </> : thousandths(modifier.quantity) === 1000 ? "+ " : `+ ${modifier.quantity} × `}
            <Typed text={modifier.name} />
          </span>
        );
      })}
      {list.length > shown.length ? <span class="modifier more">{t.n("more", list.length - shown.length)}</span> : null}
    </span>
  );
}

function HalfView({ t, half, n, whole }: { t: Translator; half: Half; n: number; whole: boolean }): JSX.Element {
  return (
    <span class="half">
      <i>{t("half")} {n}</i> <Typed text={half.name} />
      <Modifiers t={t} list={half.modifiers} whole={whole} />
    </span>
  );
}
