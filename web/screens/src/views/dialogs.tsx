import type { JSX } from "preact";
import type { App, Dialog } from "../app.ts";
import type { Key } from "../i18n/index.ts";
import { digitAt } from "../model/keys.ts";
import { Button, Typed } from "./parts.tsx";
import { TicketLines, TileMarks } from "./tile.tsx";

const HELP: [string, Key][] = [
  ["1–9, 0", "key.digit"],
  ["Enter", "key.bump"],
  ["+", "key.next"],
  ["−", "key.previous"],
  ["⌫ Del", "key.undo"],
  ["*", "key.recall"],
  ["/", "key.menu"],
  [". Esc", "key.back"],
  ["= F1", "key.help"],
];

export function DialogView({ app }: { app: App }): JSX.Element | null {
  const dialog = app.dialog;
  if (!dialog) return null;
  if (dialog.kind === "sheet") return <Sheet app={app} dialog={dialog} />;
  const { t } = app;
  const close = (): void => {
    app.dialog = null;
    app.invalidate();
  };
  const pages = Math.max(1, Math.ceil(dialog.entries.length / 10));
  return (
    <div class="dialog" role="dialog" aria-label={dialog.title} data-testid={dialog.kind === "recall" ? "recall-list" : dialog.kind}>
      <h2><Typed text={dialog.title} /></h2>
      {dialog.kind === "help" ? (
        <dl>
          {HELP.map(([key, text]) => (
            <div key={key}><dt><kbd>{key}</kbd></dt><dd>{t(text === "key.digit" && app.settings.oneKey ? "key.digitBump" : text)}</dd></div>
          ))}
        </dl>
      ) : (
        <div class="entries">
          {dialog.entries.length === 0 ? <p>{t(dialog.kind === "recall" ? "recallEmpty" : "menuEmpty")}</p> : null}
          {dialog.entries.slice(dialog.page * 10, dialog.page * 10 + 10).map((entry, i) => (
            <button type="button" key={`${dialog.page}-${i}`} class="entry" data-testid="entry" onClick={() => app.run(entry)}>
              <kbd>{digitAt(i)}</kbd> <Typed text={entry.label} />
            </button>
          ))}
        </div>
      )}
      <div class="buttons">
        {pages > 1 ? (
          <>
            <Button label={t("previous")} digit="−" onClick={() => { dialog.page = (dialog.page + pages - 1) % pages; app.invalidate(); }} />
            <span class="page">{t("page", { n: dialog.page + 1, of: pages })}</span>
            <Button label={t("next")} digit="+" onClick={() => { dialog.page = (dialog.page + 1) % pages; app.invalidate(); }} />
          </>
        ) : null}
        <span class="space" />
        <Button label={t("close")} digit="." testid="close" onClick={close} />
      </div>
    </div>
  );
}

/** A ticket as large as the panel: nothing of it is left out. */
function Sheet({ app, dialog }: { app: App; dialog: Dialog }): JSX.Element | null {
  const { t } = app;
  const key = dialog.key ?? "";
  const ticket = app.find(key);
  if (!ticket) return null;
  const targets = app.targets(ticket).length;
  const scroll = (by: number): void => app.turnSheet(by);
  return (
    <div class="dialog sheet" role="dialog" data-testid="sheet" data-ticket={ticket.ticket}>
      <h2>#<Typed text={ticket.number} /> {ticket.table ? <Typed text={t("table", { table: ticket.table })} /> : null} <TileMarks t={t} ticket={ticket} level="normal" /></h2>
      <div class="sheetbody" data-sheet>
        <div class="flow"><TicketLines app={app} t={t} ticket={ticket} selected linePage={app.linePage} whole /></div>
      </div>
      <div class="buttons">
        <Button label={t("previous")} digit="−" onClick={() => scroll(-1)} />
        <Button label={t("next")} digit="+" onClick={() => scroll(1)} />
        {targets > 10 ? <span class="page">{t("page", { n: app.linePage + 1, of: Math.ceil(targets / 10) })}</span> : null}
        <span class="space" />
        <Button label={t("menu")} digit="/" onClick={() => app.open("menu", key)} />
        <Button label={t("bump")} digit="↵" icon="check" testid="sheet-bump" onClick={() => { app.dialog = null; app.bumpTicket(key); }} />
        <Button label={t("close")} digit="." testid="close" onClick={() => { app.dialog = null; app.invalidate(); }} />
      </div>
    </div>
  );
}

export function LockView({ app }: { app: App }): JSX.Element | null {
  const left = Math.ceil((app.lockedUntil - performance.now()) / 1000);
  if (left <= 0) return null;
  return (
    <div class="lock" data-testid="locked" role="alert">
      <h1>{app.t("lockTitle")}</h1>
      <p>{app.t("lockText", { n: left })}</p>
    </div>
  );
}
