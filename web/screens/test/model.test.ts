import assert from "node:assert/strict";
import { test } from "node:test";
import { translator } from "../src/i18n/index.ts";
import { en } from "../src/i18n/en.ts";
import { ro } from "../src/i18n/ro.ts";
import { ru } from "../src/i18n/ru.ts";
import { allDay } from "../src/model/allday.ts";
import { bumpLine, bumpTicket } from "../src/model/bump.ts";
import { AgentClock } from "../src/model/clock.ts";
import { Commands, drawn, type CommandPorts } from "../src/model/commands.ts";
import type { Line, Manifest, Ticket } from "../src/model/documents.ts";
import { functionOf } from "../src/model/keys.ts";
import { CAPITAL, layout } from "../src/model/layout.ts";
import { Slots } from "../src/model/slots.ts";
import { Stations } from "../src/model/stations.ts";
import { digits, timing } from "../src/model/timing.ts";

const T0 = Date.parse("2026-05-01T18:00:00Z");
const iso = (ms: number): string => new Date(ms).toISOString();
const line = (item: string, more: Partial<Line> = {}): Line => ({ item, name: item.toUpperCase(), quantity: "1", state: "queued", since: iso(T0), ver: 1, ...more });
const ticket = (id: string, rev: number, more: Partial<Ticket> = {}): Ticket => ({
  ticket: id, station: "grill", epoch: 1, rev, ver: 1, number: id, type: "dine-in", state: "queued", since: iso(T0), lines: [line("a")], ...more,
});
const manifest = (rev: number, ids: string[], more: Partial<Manifest> = {}): Manifest => ({
  station: "grill", name: "Grill", kind: "kitchen", epoch: 1, rev, at: iso(T0), tickets: ids.map((id) => [id, 1]), ...more,
});
const orders = (stations: Stations): string[] => stations.tickets().map((one) => one.ticket);
function station(): Stations {
  const stations = new Stations();
  stations.watch(["grill"]);
  return stations;
}

test("a ticket that comes before the first manifest waits for it", () => {
  const s = station();
  s.applyTicket("grill", "x", ticket("x", 1), 0);
  assert.deepEqual(orders(s), []);
  s.applyManifest("grill", manifest(2, ["x"]), 0);
  assert.deepEqual(orders(s), ["x"]);
});

test("a ticket newer than the manifest is shown, and is news", () => {
  const s = station();
  s.applyManifest("grill", manifest(1, []), 0);
  assert.equal(s.applyTicket("grill", "x", ticket("x", 2), 0), "new");
  assert.deepEqual(orders(s), ["x"]);
});

test("a ticket whose manifest came first is news too, but not what the first manifest named", () => {
  const s = station();
  s.applyManifest("grill", manifest(1, ["old"]), 0);
  assert.equal(s.applyTicket("grill", "old", ticket("old", 1), 0), "quiet");
  s.applyManifest("grill", manifest(3, ["old", "x"]), 0);
  assert.equal(s.applyTicket("grill", "x", ticket("x", 2), 0), "new");
});

test("an orphan that the manifest does not name is never shown", () => {
  const s = station();
  s.applyTicket("grill", "ghost", ticket("ghost", 3), 0);
  s.applyManifest("grill", manifest(5, ["x"]), 0);
  s.applyTicket("grill", "ghost2", ticket("ghost2", 4), 0);
  s.applyTicket("grill", "x", ticket("x", 2), 0);
  assert.deepEqual(orders(s), ["x"]);
  assert.equal(s.size(), 1);
});

test("an older manifest or ticket that comes late changes nothing", () => {
  const s = station();
  s.applyManifest("grill", manifest(5, ["x"]), 0);
  s.applyTicket("grill", "x", ticket("x", 5, { ver: 3 }), 0);
  s.applyManifest("grill", manifest(4, ["x", "y"]), 0);
  s.applyTicket("grill", "x", ticket("x", 3, { ver: 2 }), 0);
  assert.deepEqual(orders(s), ["x"]);
  assert.equal(s.ticket("grill", "x")?.ver, 3);
});

test("a new epoch outlives all numbers of the old one, and what it does not name is gone", () => {
  const s = station();
  s.applyManifest("grill", manifest(90, ["x", "y"]), 0);
  s.applyTicket("grill", "x", ticket("x", 80), 0);
  s.applyTicket("grill", "y", ticket("y", 81), 0);
  s.applyManifest("grill", manifest(1, ["x"], { epoch: 2 }), 0);
  assert.deepEqual(orders(s), ["x"]);
  assert.deepEqual(s.shown(), { grill: {} });
  s.applyTicket("grill", "y", ticket("y", 99), 0);
  assert.deepEqual(orders(s), ["x"]);
  s.applyTicket("grill", "x", ticket("x", 2, { epoch: 2 }), 0);
  assert.deepEqual(s.shown(), { grill: { x: 1 } });
});

test("a cleared topic takes the ticket away, and one that is missed is asked for again", () => {
  const s = station();
  s.applyManifest("grill", manifest(1, ["x"]), 0);
  assert.equal(s.lacks(5000, 3000), true);
  s.applyTicket("grill", "x", ticket("x", 1), 100);
  assert.equal(s.lacks(5000, 3000), false);
  s.applyTicket("grill", "x", null, 100);
  assert.deepEqual(orders(s), []);
});

test("ten thousand tickets leave nothing behind", () => {
  const s = station();
  const slots = new Slots();
  slots.resize(6);
  let rev = 0;
  for (let i = 0; i < 10_000; i++) {
    s.applyTicket("grill", `t${i}`, ticket(`t${i}`, ++rev), 0);
    s.applyManifest("grill", manifest(++rev, [`t${i}`]), 0);
    slots.update(orders(s));
  }
  assert.equal(s.size(), 1);
  assert.equal(slots.pages(), 1);
});

test("a void, a change and readiness are told apart for their sounds", () => {
  const s = station();
  s.applyManifest("grill", manifest(1, ["x"]), 0);
  s.applyTicket("grill", "x", ticket("x", 1), 0);
  assert.equal(s.applyTicket("grill", "x", ticket("x", 2, { lines: [line("a", { changed: true, ver: 2 })] }), 0), "changed");
  assert.equal(s.applyTicket("grill", "x", ticket("x", 3, { state: "ready", lines: [line("a", { state: "ready" })] }), 0), "ready");
  assert.equal(s.applyTicket("grill", "x", ticket("x", 4, { lines: [line("a", { state: "voided" })] }), 0), "void");
});

test("tiles never move: a freed slot takes the next that waits", () => {
  const slots = new Slots();
  slots.resize(3);
  slots.update(["a", "b", "c", "d", "e"]);
  slots.update(["rush", "a", "c", "d", "e"]);
  assert.deepEqual(slots.visible(), ["a", "rush", "c"]);
  slots.update(["a", "c", "d", "e"]);
  assert.deepEqual(slots.visible(), ["a", "d", "c"]);
  assert.deepEqual(slots.elsewhere(), ["e"]);
});

test("a freed slot rests, so that a second tap hits nothing and an undo finds its place", () => {
  const slots = new Slots();
  slots.resize(3);
  slots.update(["a", "b", "c", "d"], 0, 5000);
  slots.update(["a", "c", "d"], 1000, 5000);
  assert.deepEqual(slots.visible(), ["a", null, "c"]);
  assert.equal(slots.rests(1), true);
  slots.update(["a", "b", "c", "d"], 2000, 5000);
  assert.deepEqual(slots.visible(), ["a", "b", "c"]);
  slots.update(["a", "c", "d"], 3000, 5000);
  assert.equal(slots.restsUntil(), 8000);
  slots.update(["a", "c", "d"], 8000, 5000);
  assert.deepEqual(slots.visible(), ["a", "d", "c"]);
});

test("the page that is looked at does not move either", () => {
  const slots = new Slots();
  slots.resize(2);
  slots.update(["a", "b", "c", "d", "e"]);
  slots.turn(1);
  slots.update(["b", "c", "d", "e"]);
  assert.deepEqual(slots.visible(), ["c", "d"]);
  slots.turn(-1);
  assert.deepEqual(slots.visible(), ["e", "b"]);
});

test("the agent's clock is known by its best answer, and jumps with the agent", () => {
  const clock = new AgentClock();
  assert.equal(clock.known(), false);
  clock.sample(1000, 1400, T0);
  clock.sample(6000, 6010, T0 + 4805);
  assert.equal(clock.at(6005), T0 + 4805);
  clock.sample(11_000, 11_010, T0 + 3_600_000);
  assert.equal(clock.at(11_005), T0 + 3_600_000);
});

interface Harness {
  commands: Commands;
  sent: Record<string, unknown>[];
  outcomes: string[];
  go: (ms: number) => void;
  up: (on: boolean) => void;
}
function harness(): Harness {
  let now = 0;
  let up = true;
  let id = 0;
  const sent: Record<string, unknown>[] = [];
  const outcomes: string[] = [];
  const ports: CommandPorts = {
    send: (command) => up && sent.push(command) > 0,
    agentTime: (steady) => T0 + steady,
    now: () => now,
    id: () => `c${++id}`,
    outcome: (outcome) => outcomes.push(outcome),
  };
  const commands = new Commands(ports);
  return {
    commands, sent, outcomes,
    go: (ms) => { now += ms; commands.tick(); },
    up: (on) => { up = on; if (on) commands.connected(); else commands.disconnected(); },
  };
}
const bump = { op: "move", station: "grill", ticket: "x", items: ["a"], from: "queued", to: "cooking" } as const;
const give = (h: Harness, undo = 5): boolean => h.commands.give({ ...bump, items: ["a"] }, "1", undo);
const look = (h: Harness, t = ticket("x", 1)): { state: string; mark: string } | undefined => drawn(t, h.commands.overlays().get("grill/x")).get("a");

test("a press is shown at once as pending, with a time by the agent's clock", () => {
  const h = harness();
  give(h);
  assert.deepEqual([look(h)?.state, look(h)?.mark], ["cooking", "pending"]);
  assert.equal(h.sent[0]?.["expires"], iso(T0 + 60_000));
});

test("a press stays shown between the answer and the ticket that brings it", () => {
  const h = harness();
  give(h);
  h.commands.answer({ cmd: "c1", result: "applied", ver: 2 });
  assert.equal(look(h)?.state, "cooking");
  const next = ticket("x", 2, { ver: 2, lines: [line("a", { state: "cooking" })] });
  h.commands.reconcile(() => next);
  assert.deepEqual([look(h, next)?.state, look(h, next)?.mark], ["cooking", ""]);
});

test("without an answer for three seconds a press is taken back", () => {
  const h = harness();
  give(h);
  h.go(2900);
  assert.equal(look(h)?.mark, "pending");
  h.go(200);
  assert.deepEqual([look(h)?.state, look(h)?.mark], ["queued", "queued"]);
  assert.deepEqual(h.outcomes, ["silence"]);
});

test("a conflict takes a press back at once", () => {
  const h = harness();
  give(h);
  h.commands.answer({ cmd: "c1", result: "conflict" });
  assert.deepEqual([look(h)?.state, look(h)?.mark], ["queued", ""]);
  assert.equal(h.commands.lastUndo(), null);
  assert.deepEqual(h.outcomes, ["conflict"]);
});

test("a press without connection is sent once it is there, as the same command", () => {
  const h = harness();
  h.up(false);
  give(h);
  h.go(10_000);
  assert.equal(h.sent.length, 0);
  h.up(true);
  assert.deepEqual(h.sent.map((one) => [one["cmd"], one["expires"]]), [["c1", iso(T0 + 60_000)]]);
});

test("a press that was sent and not answered is sent again after a reconnect", () => {
  const h = harness();
  give(h);
  h.up(false);
  h.go(1000);
  h.up(true);
  assert.deepEqual(h.sent.map((one) => one["cmd"]), ["c1", "c1"]);
});

test("a press that is a minute old is dropped and never sent", () => {
  const h = harness();
  h.up(false);
  give(h);
  h.go(61_000);
  h.up(true);
  assert.equal(h.sent.length, 0);
  assert.deepEqual(h.outcomes, ["expired"]);
  assert.equal(h.commands.size(), 0);
});

test("the same press twice is one command", () => {
  const h = harness();
  assert.equal(give(h), true);
  assert.equal(give(h), false);
  assert.equal(h.sent.length, 1);
});

test("undo names the command and the version that it brought, even when pressed before the answer", () => {
  const h = harness();
  give(h);
  assert.equal(h.commands.undo(), true);
  assert.equal(h.sent.length, 1);
  h.commands.answer({ cmd: "c1", result: "applied", ver: 7 });
  assert.deepEqual([h.sent[1]?.["op"], h.sent[1]?.["of"], h.sent[1]?.["base"]], ["undo", "c1", 7]);
});

test("undo is offered for as long as the station says", () => {
  const h = harness();
  give(h, 5);
  h.commands.answer({ cmd: "c1", result: "applied", ver: 2 });
  h.go(4900);
  assert.equal(h.commands.lastUndo()?.cmd, "c1");
  h.go(200);
  assert.equal(h.commands.undo(), false);
});

test("a bump is one step further, by the steps of the station and the view", () => {
  const t = ticket("x", 1);
  const l = line("a");
  assert.equal(bumpLine("kitchen", 2, t, l, "queued", false)?.to, "cooking");
  assert.equal(bumpLine("kitchen", 1, t, l, "queued", false)?.to, "ready");
  assert.equal(bumpLine("waiter", 2, t, l, "ready", false)?.to, "served");
  assert.equal(bumpLine("kitchen", 2, t, l, "held", false), null);
  assert.equal(bumpLine("kitchen", 2, t, line("a", { state: "voided" }), "voided", false)?.op, "acknowledge");
});

test("the expediter bumps a whole order only when all of it is ready", () => {
  const t = ticket("x", 1, { lines: [line("a", { state: "ready" }), line("b")] });
  assert.equal(bumpTicket("expediter", 2, t, new Map()), "not-ready");
  const ready = ticket("x", 1, { lines: [line("a", { state: "ready" }), line("b", { state: "served" })] });
  assert.deepEqual(bumpTicket("expediter", 2, ready, new Map()), [{ op: "move", station: "grill", ticket: "x", items: ["a"], from: "ready", to: "served" }]);
});

test("totals are exact, and what is refused or changed is counted aside", () => {
  const totals = allDay([
    ticket("x", 1, { lines: [line("a", { quantity: "0.1", unit: "kg" }), line("b", { name: "SOUP", quantity: "2" })] }),
    ticket("y", 2, { lines: [line("a", { quantity: "0.2", unit: "kg" }), line("b", { name: "SOUP", modifiers: [{ name: "ONION", quantity: "0" }] }), line("c", { state: "ready" })] }),
  ], new Map());
  assert.deepEqual(totals.map((one) => [one.name, one.quantity, one.special]), [["SOUP", "3", "1"], ["A", "0.3", ""]]);
});

test("a clock counts down to what is due first, then minus", () => {
  const t = ticket("x", 1, { lines: [line("a", { due_at: iso(T0 + 600_000) }), line("b", { due_at: iso(T0 + 300_000) })] });
  assert.deepEqual(timing(t, undefined, T0), { countdown: true, moment: T0 + 300_000, level: "normal" });
  assert.equal(timing(t, undefined, T0 + 250_000).level, "soon");
  assert.equal(timing(t, undefined, T0 + 301_000).level, "late");
  assert.equal(digits(-21_000), "−0:21");
  assert.equal(digits(65_000), "1:05");
});

test("the keypad, a plain keyboard and learned keys mean the same", () => {
  assert.equal(functionOf({ key: "7", code: "Numpad7" }, {}), "d7");
  assert.equal(functionOf({ key: "Home", code: "Numpad7" }, {}), "d7");
  assert.equal(functionOf({ key: "7", code: "Digit7" }, {}), "d7");
  assert.equal(functionOf({ key: "/", code: "NumpadDivide" }, {}), "menu");
  assert.equal(functionOf({ key: "ю", code: "NumpadDecimal" }, {}), "back");
  assert.equal(functionOf({ key: "F5", code: "F5", ctrlKey: true }, { "Ctrl+F5": "bump" }), "bump");
  assert.equal(functionOf({ key: "r", code: "KeyR", ctrlKey: true }, {}), null);
});

test("letters and buttons have their real size on every panel", () => {
  for (const [w, h, inches] of [[1920, 1080, 21.5], [1280, 800, 21.5], [1920, 1080, 32], [1280, 800, 15.6]] as const) {
    const l = layout({ widthPx: w, heightPx: h, screenWidthPx: w, screenHeightPx: h, diagonalIn: inches, distanceM: 2, text: "auto", rows: 0, side: false });
    assert.ok((l.font * CAPITAL) / l.pxPerMm >= 9.3, `${w}x${h} ${inches}`);
    assert.ok(l.touch / l.pxPerMm >= 20);
    assert.ok(l.slots >= 1);
  }
});

test("every language has every text, and its own plural forms", () => {
  for (const key of Object.keys(en)) {
    assert.ok(ro[key], `ro ${key}`);
    assert.ok(ru[key], `ru ${key}`);
    const names = (text: string | undefined): string => [...new Set((text ?? "").match(/\{\w+\}/g) ?? [])].sort().join();
    assert.equal(names(ro[key]), names(en[key as keyof typeof en]), key);
    assert.equal(names(ru[key]), names(en[key as keyof typeof en]), key);
  }
  const t = translator("ru");
  assert.deepEqual([1, 3, 5, 21].map((n) => t.n("orders", n)), ["1 заказ", "3 заказа", "5 заказов", "21 заказ"]);
  assert.equal(translator("ro").n("items", 20), "20 de feluri");
});
