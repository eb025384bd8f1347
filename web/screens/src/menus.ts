import type { App } from "./app.ts";
import { linesOf, type Ticket } from "./model/documents.ts";

export interface Entry {
  label: string;
  run: () => void;
}

/** What can be done with one order. */
export function ticketMenu(app: App, ticket: Ticket): Entry[] {
  const { t } = app;
  const view = app.view();
  const entries: Entry[] = [];
  const base = { station: ticket.station, ticket: ticket.ticket };
  const number = ticket.number;
  const key = `${ticket.station}/${ticket.ticket}`;
  const add = (label: string, run: () => void): void => void entries.push({ label, run });
  add(t("seeAll"), () => app.open("sheet", key));
  if (view === "waiter" || view === "expediter") {
    if (linesOf(ticket).some((line) => line.state === "ready")) add(t("serveReady"), () => app.bumpTicket(key, true));
    if (view === "waiter") return entries;
  }
  const lines = linesOf(ticket);
  const held = lines.filter((line) => line.state === "held");
  const queued = lines.filter((line) => line.state === "queued");
  if (lines.some((line) => line.state === "voided" || line.changed || line.void)) add(t("acknowledgeAll"), () => app.give({ op: "acknowledge", ...base }, number));
  const courses = [...new Set(held.map((line) => line.course ?? 0))].sort((a, b) => a - b);
  if (courses.length > 1 || (courses[0] ?? 0) > 0) {
    for (const course of courses) add(t("fireCourse", { n: course }), () => app.give({ op: "fire", ...base, course }, number));
  }
  if (held.length > 0) add(t("fireAll"), () => app.give({ op: "fire", ...base, items: held.map((line) => line.item) }, number));
  if (view === "expediter") add(t(ticket.rush ? "rushOff" : "rushOn"), () => app.give({ op: "rush", ...base, on: !ticket.rush }, number));
  if (queued.length > 0) add(t("holdAll"), () => app.give({ op: "hold", ...base, items: queued.map((line) => line.item) }, number));
  if (view === "expediter") {
    const stations = app.manifest(ticket.station)?.stations ?? [];
    const cooks = new Set(lines.flatMap((line) => (line.stations ?? []).map((part) => part.station)));
    for (const from of stations.filter((station) => cooks.has(station.station))) {
      add(t("pullTicket", { name: from.name }), () =>
        app.choose(t("pullTo", { name: from.name }), stations.filter((to) => to.station !== from.station && to.kind === "kitchen").map((to) => ({
          label: to.name,
          run: () => app.give({ op: "pull", station: from.station, to: to.station, on: true, ticket: ticket.ticket }, number),
        }))),
      );
    }
  }
  if (lines.length > 1) {
    for (const line of held) add(t("fireLine", { name: line.name }), () => app.give({ op: "fire", ...base, items: [line.item] }, number));
    for (const line of queued) add(t("holdLine", { name: line.name }), () => app.give({ op: "hold", ...base, items: [line.item] }, number));
  }
  return entries;
}

/** What can be done with the stations of this screen. */
export function stationMenu(app: App): Entry[] {
  const { t } = app;
  const entries: Entry[] = [];
  if (app.view() === "kitchen") {
    for (const id of app.stations.ids()) {
      const manifest = app.manifest(id);
      if (!manifest) continue;
      if (manifest.peak_to) entries.push(peak(app, id, manifest.name, manifest.peak === true));
      if (manifest.pulled_by) {
        const to = manifest.pulled_by;
        entries.push({ label: t("pullEnd", { name: manifest.name }), run: () => app.give({ op: "pull", station: id, to, on: false }, manifest.name) });
      }
    }
    const here = app.stations.ids()[0];
    const manifest = here === undefined ? undefined : app.manifest(here);
    if (here !== undefined && manifest) {
      for (const { station, name } of manifest.others ?? []) {
        const on = !(manifest.pulls ?? []).includes(station);
        entries.push({ label: t(on ? "pullHere" : "pullEnd", { name }), run: () => app.give({ op: "pull", station, to: here, on }, name) });
      }
    }
    return entries;
  }
  if (app.view() !== "expediter") return entries;
  for (const station of app.manifest()?.stations ?? []) if (station.kind === "kitchen") entries.push(...stationEntries(app, station.station));
  return entries;
}

/** What an expediter can do with one station. */
export function stationEntries(app: App, id: string): Entry[] {
  const { t } = app;
  const all = (app.manifest()?.stations ?? []).filter((station) => station.kind === "kitchen");
  const station = all.find((one) => one.station === id);
  if (!station) return [];
  const entries: Entry[] = [];
  if (station.pulled_by) {
    const to = station.pulled_by;
    entries.push({ label: t("pullEnd", { name: station.name }), run: () => app.give({ op: "pull", station: id, to, on: false }, station.name) });
  } else {
    entries.push({
      label: t("pullStation", { name: station.name }),
      run: () =>
        app.choose(t("pullTo", { name: station.name }), all.filter((to) => to.station !== id).map((to) => ({
          label: to.name,
          run: () => app.give({ op: "pull", station: id, to: to.station, on: true }, station.name),
        }))),
    });
  }
  if (station.peak_to) entries.push(peak(app, id, station.name, station.peak));
  return entries;
}

function peak(app: App, station: string, name: string, on: boolean): Entry {
  return { label: app.t(on ? "peakOff" : "peakOn", { name }), run: () => app.give({ op: "peak", station, on: !on }, name) };
}
