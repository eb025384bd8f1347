import { languageOf, translator, type Key, type Translator } from "./i18n/index.ts";
import { allDay, type Total } from "./model/allday.ts";
import { bumpLine, bumpTicket, bumpable, stepsOf } from "./model/bump.ts";
import { AgentClock } from "./model/clock.ts";
import { Commands, drawn, type Order, type Outcome, type Overlay } from "./model/commands.ts";
import {
  asAnswer, asManifest, asScreen, asTicket, linesOf, parse,
  type Line, type Manifest, type ScreenDocument, type Ticket, type View,
} from "./model/documents.ts";
import { functionOf, nameOf, place, type KeyFunction } from "./model/keys.ts";
import { layout, roomForSide, type Layout, type Panel } from "./model/layout.ts";
import { Slots } from "./model/slots.ts";
import { Stations, keyOf } from "./model/stations.ts";
import { timing, wallClock, type Level } from "./model/timing.ts";
import { Link } from "./link.ts";
import { Pairing } from "./pairing.ts";
import { ticketMenu, stationMenu, type Entry } from "./menus.ts";
import { loadIdentity, loadSettings, saveIdentity, saveSettings, type Identity, type Settings } from "./settings.ts";
import { Sounds, type Sound } from "./sound.ts";

/** After how long without an answer the board looks stale. */
export const STALE_MS = 10_000;
const WATCH_MS = 5000;
const LOCK_S = 30;

export interface About {
  outlet: string;
  prefix: string;
  fingerprint?: string | null;
  plain?: boolean;
}

export interface Dialog {
  kind: "menu" | "recall" | "help" | "sheet";
  title: string;
  entries: Entry[];
  page: number;
  key?: string;
}

export interface Toast {
  text: string;
  bad: boolean;
  until: number;
}

const random = (): string => {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
};

/** Everything the page knows and can do; views draw it and call it. */
export class App {
  settings: Settings;
  identity: Identity | null = loadIdentity();
  about: About | null = null;
  screen: ScreenDocument | null = null;
  t: Translator;
  layout: Layout;
  readonly stations = new Stations();
  readonly slots = new Slots();
  readonly clock = new AgentClock();
  readonly commands: Commands;
  readonly sounds: Sounds;
  pairing: Pairing | null = null;
  reason: Key | null = null;
  settingUp: boolean;
  learning: KeyFunction | null = null;
  selected: string | null = null;
  linePage = 0;
  dialog: Dialog | null = null;
  toast: Toast | null = null;
  lockedUntil = 0;
  agentOnline = true;
  lastAnswer = -1;
  startedAt = performance.now();
  tickets: Ticket[] = [];
  totals: Total[] = [];
  overlays = new Map<string, Overlay>();
  levels = new Map<string, Level>();
  fresh = new Map<string, number>();
  allDayOn = false;
  private link: Link | null = null;
  private readonly inbox = new Map<string, string>();
  private frame = 0;
  private fallback = 0;
  private dirty = true;
  private watchCmd = "";
  private watchAt = 0;
  private watchWanted = false;
  private lastWatch = -1e9;
  private restartedAt = 0;
  private overdueSeen = new Set<string>();
  private ticking = new Set<(now: number) => void>();
  private readonly draw: (app: App) => void;
  private readonly build = document.querySelector('meta[name="build"]')?.getAttribute("content") ?? "dev";

  constructor(draw: (app: App) => void) {
    this.draw = draw;
    this.settings = loadSettings(location.search);
    this.settingUp = !this.settings.done;
    this.t = translator(this.language());
    this.layout = layout(this.panel());
    this.sounds = new Sounds(() => this.invalidate());
    this.commands = new Commands({
      send: (command) => this.publish(command),
      agentTime: (steady) => (this.clock.known() ? this.clock.at(steady) : null),
      now: () => performance.now(),
      id: random,
      outcome: (outcome, order, number, message) => this.outcome(outcome, order, number, message),
    });
    this.relayout();
    window.addEventListener("resize", () => this.relayout());
    window.addEventListener("keydown", (event) => this.key(event));
    window.addEventListener("pointerdown", (event) => this.pointer(event), true);
    window.addEventListener("contextmenu", (event) => event.preventDefault());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") {
        this.wake();
        this.invalidate();
      }
    });
    window.setInterval(() => this.second(), 250);
    this.wake();
    void this.start();
  }

  // Start, pairing, connection

  private async start(): Promise<void> {
    for (let wait = 500; ; wait = Math.min(5000, wait * 2)) {
      try {
        const response = await fetch("/api/about", { cache: "no-store" });
        if (response.ok) {
          this.about = (await response.json()) as About;
          break;
        }
      } catch {
        // Said by the view: the agent does not answer yet.
      }
      this.invalidate();
      await new Promise((done) => window.setTimeout(done, wait));
    }
    if (this.identity) this.connect(this.identity);
    else this.pair();
    this.invalidate();
  }

  private pair(): void {
    if (this.settingUp || this.pairing || this.identity || !this.about) return;
    const { screen, devicePixelRatio } = window;
    const panel = {
      width_px: Math.round(screen.width * devicePixelRatio),
      height_px: Math.round(screen.height * devicePixelRatio),
      diagonal_in: this.settings.diagonalIn,
    };
    this.pairing = new Pairing(panel, this.settings.language === "auto" ? null : this.settings.language, () => this.invalidate(), (identity) => {
      this.pairing = null;
      this.reason = null;
      this.identity = identity;
      saveIdentity(identity);
      this.connect(identity);
      this.invalidate();
    });
  }

  private connect(identity: Identity): void {
    if (!this.about) return;
    const url = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/mqtt`;
    this.link = new Link(url, identity, {
      open: () => {
        this.watchCmd = "";
        this.lastWatch = -1e9;
        this.watchWanted = true;
        this.watch();
        this.commands.connected();
        this.invalidate();
      },
      closed: () => {
        this.commands.disconnected();
        this.watchCmd = "";
        this.invalidate();
      },
      refused: () => this.forget("refused"),
      message: (topic, payload) => {
        const answer = topic === this.topic(`kitchen/answer/${identity.screen}`);
        if (answer) this.heard(payload);
        else {
          this.inbox.set(topic, payload);
          this.invalidate();
        }
      },
    });
    this.link.want(this.topics());
  }

  private forget(reason: Key): void {
    this.link?.end();
    this.link = null;
    this.identity = null;
    saveIdentity(null);
    this.screen = null;
    this.stations.watch([]);
    this.inbox.clear();
    this.reason = reason;
    this.closeAll();
    this.pair();
    this.invalidate();
  }

  private topic(rest: string): string {
    return `${this.about?.prefix ?? ""}/${rest}`;
  }

  private topics(): string[] {
    if (!this.identity) return [];
    const topics = ["agent", `kitchen/screen/${this.identity.screen}`, `kitchen/answer/${this.identity.screen}`];
    for (const station of this.screen?.stations ?? []) topics.push(`kitchen/${station}/manifest`, `kitchen/${station}/ticket/+`);
    return topics.map((topic) => this.topic(topic));
  }

  private publish(command: Record<string, unknown>): boolean {
    return this.identity !== null && (this.link?.publish(this.topic(`kitchen/command/${this.identity.screen}`), JSON.stringify(command)) ?? false);
  }

  // What comes in

  private receive(topic: string, payload: string, now: number): Sound | null {
    const rest = topic.slice((this.about?.prefix.length ?? 0) + 1).split("/");
    if (rest[0] === "agent") {
      const state = parse(payload) as { state?: string } | undefined;
      this.agentOnline = state?.state !== "offline";
      return null;
    }
    if (rest[0] !== "kitchen") return null;
    if (rest[1] === "screen") {
      if (payload === "") this.forget("revoked");
      else this.become(asScreen(parse(payload)));
      return null;
    }
    const station = rest[1] ?? "";
    if (rest[2] === "manifest") {
      const manifest = asManifest(parse(payload));
      if (manifest) this.stations.applyManifest(station, manifest, now);
      return null;
    }
    if (rest[2] !== "ticket" || rest[3] === undefined) return null;
    const ticket = payload === "" ? null : asTicket(parse(payload));
    if (!ticket && payload !== "") return null;
    const happening = this.stations.applyTicket(station, rest[3], ticket, now);
    if (!happening || happening === "quiet") return null;
    if (happening === "new" || happening === "ready") this.fresh.set(keyOf(station, rest[3]), now);
    const view = this.screen?.view;
    if (happening === "ready") return view === "kitchen" ? null : "ready";
    if (view === "waiter" || view === "board") return happening === "void" && view === "waiter" ? "void" : null;
    return happening;
  }

  private become(screen: ScreenDocument | null): void {
    if (!screen) return;
    const before = this.screen;
    const same = before && before.view === screen.view && before.name === screen.name && before.language === screen.language &&
      before.stations.join() === screen.stations.join();
    this.screen = screen;
    if (same) return;
    this.t = translator(this.language());
    this.stations.watch(screen.stations);
    this.slots.clear();
    this.closeAll();
    this.link?.want(this.topics());
    this.relayout();
  }

  private heard(payload: string): void {
    const answer = asAnswer(parse(payload));
    if (!answer) return;
    const now = performance.now();
    if (answer.cmd === this.watchCmd) {
      this.watchCmd = "";
      this.lastAnswer = now;
      this.agentOnline = true;
      const at = Date.parse(answer.at ?? "");
      if (Number.isFinite(at)) {
        const known = this.clock.known();
        this.clock.sample(this.watchAt, now, at);
        if (!known) this.commands.connected();
      }
      if (answer.build !== undefined) this.compareBuild(answer.build);
      this.watch();
      this.invalidate();
      return;
    }
    if (this.commands.answer(answer)) this.invalidate();
  }

  private compareBuild(build: string): void {
    if (this.build === "dev" || build === this.build || this.commands.busy()) return;
    try {
      const last = Number(sessionStorage.getItem("screens.reloaded") ?? 0);
      if (Math.abs(Date.now() - last) < 60_000) return;
      sessionStorage.setItem("screens.reloaded", String(Date.now()));
    } catch {
      return;
    }
    location.reload();
  }

  // Drawing

  /** Draws with the next frame, together with all that comes until then. */
  invalidate(): void {
    this.dirty = true;
    if (this.frame === 0) this.frame = requestAnimationFrame(() => this.paint());
    // A page that nobody sees gets no frames, and must not pile up what comes.
    if (document.visibilityState !== "visible" && this.fallback === 0) this.fallback = window.setTimeout(() => this.paint(), 500);
  }

  private paint(): void {
    cancelAnimationFrame(this.frame);
    window.clearTimeout(this.fallback);
    this.frame = this.fallback = 0;
    if (!this.dirty) return;
    this.dirty = false;
    const now = performance.now();
    const news = this.inbox.size > 0;
    const sounds = new Set<Sound>();
    const own = this.identity ? this.inbox.get(this.topic(`kitchen/screen/${this.identity.screen}`)) : undefined;
    if (own !== undefined) this.receive(this.topic(`kitchen/screen/${this.identity?.screen ?? ""}`), own, now);
    for (const [topic, payload] of this.inbox) {
      if (topic.includes("/kitchen/screen/")) continue;
      const sound = this.receive(topic, payload, now);
      if (sound) sounds.add(sound);
    }
    this.inbox.clear();
    if (news) this.commands.reconcile((station, order) => this.stations.ticket(station, order));
    this.compute(now);
    for (const sound of ["void", "changed", "ready", "new"] as const) if (sounds.has(sound)) this.play(sound);
    this.draw(this);
    if (news) {
      this.watchWanted = true;
      this.watch();
    }
  }

  private compute(now: number): void {
    this.tickets = this.stations.tickets();
    this.overlays = this.commands.overlays();
    const view = this.view();
    let order = this.tickets;
    if (view === "waiter") {
      order = this.tickets.filter((ticket) => linesOf(ticket).some((line) => line.state === "ready"));
      order = [...order].sort((a, b) => (a.table ?? a.number).localeCompare(b.table ?? b.number, undefined, { numeric: true }));
    }
    const restMs = (this.manifest()?.undo_s ?? 5) * 1000;
    this.slots.update(order.map((ticket) => keyOf(ticket.station, ticket.ticket)), now, restMs);
    this.totals = this.allDayOn ? allDay(this.tickets, this.overlays) : [];
    if (this.selected !== null && !this.slots.visible().includes(this.selected)) this.selected = null;
    if (this.dialog?.key !== undefined && !this.find(this.dialog.key)) this.dialog = null;
    const there = new Set(this.tickets.map((ticket) => keyOf(ticket.station, ticket.ticket)));
    for (const [key, since] of this.fresh) if (now - since > 4000 || !there.has(key)) this.fresh.delete(key);
    if (view === "expediter") {
      const late = this.overdue();
      if (late.some((ticket) => !this.overdueSeen.has(ticket.ticket))) this.play("changed");
      this.overdueSeen = new Set(late.map((ticket) => ticket.ticket));
    }
    this.computeLevels();
  }

  private computeLevels(): boolean {
    const levels = new Map<string, Level>();
    const now = this.now();
    let different = false;
    for (const key of this.slots.visible()) {
      const ticket = key === null ? null : this.find(key);
      if (!ticket || key === null) continue;
      const level = timing(ticket, undefined, now).level;
      levels.set(key, level);
      if (this.levels.get(key) !== level) different = true;
    }
    this.levels = levels;
    return different;
  }

  /** Called about once a second with the agent's time; returns how to stop it. */
  onTick(listener: (now: number) => void): () => void {
    this.ticking.add(listener);
    return () => this.ticking.delete(listener);
  }

  private lastSecond = -1;
  private wasStale = false;

  private second(): void {
    const steady = performance.now();
    if (this.commands.tick()) this.invalidate();
    if (this.toast && this.toast.until < steady) {
      this.toast = null;
      this.invalidate();
    }
    if (steady - this.lastWatch >= WATCH_MS) {
      this.watchWanted = true;
      this.watch();
    }
    if (steady >= this.slots.restsUntil()) this.invalidate();
    if (this.stale() !== this.wasStale) {
      this.wasStale = this.stale();
      this.invalidate();
    }
    const now = this.now();
    const whole = Math.floor(now / 1000);
    if (whole === this.lastSecond) return;
    this.lastSecond = whole;
    for (const listener of this.ticking) listener(now);
    if (this.computeLevels() || this.lockedUntil > 0 || this.stale() || this.pairing) this.invalidate();
    if (this.lockedUntil > 0 && steady >= this.lockedUntil) this.lockedUntil = 0;
    if (!this.link?.up) return;
    if (this.stations.lacks(steady, 3000)) {
      this.stations.askedAgain(steady);
      this.link.refresh();
    }
    const since = Math.max(this.lastAnswer, this.restartedAt);
    if (this.watchCmd !== "" && steady - this.watchAt > 12_000 && steady - since > 15_000) {
      this.restartedAt = steady;
      this.link.restart();
    }
  }

  private watch(): void {
    if (!this.watchWanted || !this.link?.up || document.visibilityState !== "visible") return;
    const now = performance.now();
    // One at a time: the answer to this one brings the next.
    if (this.watchCmd !== "" && now - this.watchAt < 2000) return;
    this.watchWanted = false;
    this.watchCmd = random();
    this.watchAt = this.lastWatch = now;
    this.publish({ cmd: this.watchCmd, op: "watch", shown: this.stations.shown(), build: this.build });
  }

  // Questions of the views

  now(): number {
    return this.clock.at(performance.now());
  }

  view(): View {
    return this.screen?.view ?? "kitchen";
  }

  connected(): boolean {
    return this.link?.up ?? false;
  }

  linkState(): "live" | "stale" | "offline" {
    if (!this.connected() || !this.agentOnline) return "offline";
    return this.lastAnswer >= 0 && performance.now() - this.lastAnswer <= STALE_MS ? "live" : "stale";
  }

  stale(): boolean {
    const since = this.lastAnswer >= 0 ? this.lastAnswer : this.startedAt;
    return performance.now() - since > STALE_MS;
  }

  answerAge(): number {
    return performance.now() - (this.lastAnswer >= 0 ? this.lastAnswer : this.startedAt);
  }

  lastAnswerTime(): string {
    return this.lastAnswer >= 0 ? wallClock(this.clock.at(this.lastAnswer), true) : "";
  }

  find(key: string): Ticket | null {
    const cut = key.indexOf("/");
    return this.stations.ticket(key.slice(0, cut), key.slice(cut + 1));
  }

  manifest(station?: string): Manifest | null {
    return this.stations.manifest(station ?? this.screen?.stations[0] ?? "");
  }

  overdue(): Ticket[] {
    return this.tickets.filter((ticket) => ticket.overdue && ticket.state !== "served");
  }

  drawn(ticket: Ticket): ReturnType<typeof drawn> {
    return drawn(ticket, this.overlays.get(keyOf(ticket.station, ticket.ticket)));
  }

  /** The lines of a ticket that a digit can bump, in their order. */
  targets(ticket: Ticket): Line[] {
    const states = this.drawn(ticket);
    const steps = stepsOf(this.manifest(ticket.station));
    return linesOf(ticket).filter((line) => {
      const state = states.get(line.item);
      return bumpable(this.view(), steps, line, state?.state ?? line.state, state?.acknowledged ?? false);
    });
  }

  // Actions

  give(order: Order, number: string, undoable = false): void {
    const undoS = undoable ? (this.manifest(order.station)?.undo_s ?? 5) : 0;
    if (!this.commands.give(order, number, undoS)) this.say("sendingAlready", { number }, true);
    this.invalidate();
  }

  bumpTicket(key: string, partly = false): void {
    const ticket = this.find(key);
    if (!ticket) return;
    const orders = bumpTicket(this.view(), stepsOf(this.manifest(ticket.station)), ticket, this.drawn(ticket), partly);
    if (typeof orders === "string") {
      this.say(`refusal.${orders}`, { number: ticket.number }, true);
      this.play("error");
    } else for (const order of orders) this.give(order, ticket.number, order.op === "move");
    if (this.selected === key) this.selected = null;
    this.invalidate();
  }

  bumpLine(key: string, item: string): void {
    const ticket = this.find(key);
    const line = ticket && linesOf(ticket).find((one) => one.item === item);
    if (!ticket || !line) return;
    const state = this.drawn(ticket).get(item);
    const order = bumpLine(this.view(), stepsOf(this.manifest(ticket.station)), ticket, line, state?.state ?? line.state, state?.acknowledged ?? false);
    if (order) this.give(order, ticket.number, order.op === "move");
    else this.say(state?.state === "held" ? "refusal.held" : this.view() === "kitchen" ? "refusal.nothing" : "refusal.not-ready", { number: ticket.number }, true);
  }

  undo(): void {
    if (!this.commands.undo()) this.say("undoNothing", {}, true);
    this.invalidate();
  }

  select(key: string | null): void {
    this.selected = key;
    this.linePage = 0;
    this.invalidate();
  }

  turn(by: number): void {
    this.slots.turn(by);
    this.select(null);
  }

  turnLines(by: number, count: number): void {
    const pages = Math.max(1, Math.ceil(count / 10));
    this.linePage = (((this.linePage + by) % pages) + pages) % pages;
    this.invalidate();
  }

  /** The next part of a sheet: its next ten lines, or what the panel had no room for. */
  turnSheet(by: number): void {
    const ticket = this.dialog?.key === undefined ? null : this.find(this.dialog.key);
    const sheet = document.querySelector("[data-sheet]");
    if (ticket && this.targets(ticket).length > 10) this.turnLines(by, this.targets(ticket).length);
    else sheet?.scrollBy({ top: by * sheet.clientHeight * 0.8 });
  }

  open(kind: Dialog["kind"], key?: string): void {
    const dialog: Dialog = { kind, title: "", entries: [], page: 0 };
    if (kind === "menu") {
      const ticket = key === undefined ? null : this.find(key);
      if (ticket && key !== undefined) {
        dialog.title = this.t("menuTicket", { number: ticket.number });
        dialog.entries = ticketMenu(this, ticket);
        dialog.key = key;
      } else {
        dialog.title = this.t("menuStation", { name: this.manifest()?.name ?? "" });
        dialog.entries = stationMenu(this);
      }
    } else if (kind === "recall") {
      dialog.title = this.t("recallTitle");
      for (const station of this.stations.ids()) {
        for (const entry of this.manifest(station)?.recall ?? []) {
          dialog.entries.push({
            label: this.t("recallEntry", {
              number: `#${entry.number}`,
              table: entry.table ? this.t("table", { table: entry.table }) : "",
              items: this.t.n("items", entry.items),
              time: wallClock(Date.parse(entry.at)),
            }),
            run: () => this.give({ op: "recall", station, ticket: entry.ticket }, entry.number),
          });
        }
      }
    } else if (kind === "sheet" && key !== undefined) dialog.key = key;
    else dialog.title = this.t("helpTitle");
    this.dialog = dialog;
    this.invalidate();
  }

  /** A list of choices that one of a menu leads to. */
  choose(title: string, entries: Entry[]): void {
    this.dialog = { kind: "menu", title, entries, page: 0 };
    this.invalidate();
  }

  run(entry: Entry): void {
    this.dialog = null;
    entry.run();
    this.invalidate();
  }

  closeAll(): void {
    this.dialog = null;
    this.selected = null;
    this.invalidate();
  }

  lock(): void {
    this.closeAll();
    this.lockedUntil = performance.now() + LOCK_S * 1000;
  }

  toggleAllDay(): void {
    this.settings.allDay = this.allDayOn ? "no" : "yes";
    saveSettings(this.settings);
    this.relayout();
  }

  setUp(on: boolean): void {
    this.settingUp = on;
    this.learning = null;
    if (!on) {
      this.settings.done = true;
      saveSettings(this.settings);
      this.pair();
    }
    this.relayout();
  }

  change(settings: Partial<Settings>): void {
    this.settings = { ...this.settings, ...settings };
    this.t = translator(this.language());
    this.relayout();
  }

  learn(fn: KeyFunction | null): void {
    this.learning = fn;
    this.invalidate();
  }

  play(sound: Sound): void {
    this.sounds.play(sound, this.settings.volume);
  }

  say(key: Key, values: Record<string, string | number>, bad = false): void {
    this.toast = { text: this.t(key, values), bad, until: performance.now() + 6000 };
    this.invalidate();
  }

  private outcome(outcome: Outcome, order: Order, number: string, message?: string): void {
    if (outcome === "applied" || outcome === "noop") return;
    const key = (["conflict", "forbidden", "expired", "invalid", "unavailable", "silence", "waiting"] as const).find((one) => one === outcome);
    if (outcome === "conflict" && order.op === "undo") this.say("outcome.conflict", { number }, true);
    else this.say(`outcome.${key ?? "invalid"}`, { number, message: message ?? outcome }, true);
    this.play("error");
  }

  private language(): ReturnType<typeof languageOf> {
    if (this.settings.language !== "auto") return this.settings.language;
    return languageOf(this.screen?.language ?? this.manifest()?.language ?? navigator.language);
  }

  panel(): Panel {
    const s = this.settings;
    return {
      widthPx: window.innerWidth,
      heightPx: window.innerHeight,
      screenWidthPx: Math.max(window.screen.width, window.innerWidth),
      screenHeightPx: Math.max(window.screen.height, window.innerHeight),
      diagonalIn: s.diagonalIn,
      distanceM: s.distanceM,
      text: s.text,
      rows: s.rows,
      side: this.allDayOn,
    };
  }

  private relayout(): void {
    const auto = this.view() === "kitchen" && roomForSide(this.panel());
    this.allDayOn = this.settings.allDay === "yes" || (this.settings.allDay === "auto" && auto);
    if (this.view() === "board" || this.view() === "waiter") this.allDayOn = false;
    const panel = this.panel();
    if (this.view() === "expediter") panel.heightPx -= Math.ceil(this.layout.font * 1.9);
    if (this.view() === "waiter") panel.heightPx -= Math.ceil(this.layout.font * 1.3);
    this.layout = layout(panel);
    this.slots.resize(this.layout.slots);
    const root = document.documentElement;
    root.style.setProperty("--font", `${this.layout.font}px`);
    root.style.setProperty("--touch", `${this.layout.touch}px`);
    root.style.setProperty("--bar", `${this.layout.bar}px`);
    root.style.setProperty("--top", `${this.layout.top}px`);
    root.style.setProperty("--side", `${this.layout.side}px`);
    root.style.setProperty("--columns", String(this.layout.columns));
    root.style.setProperty("--rows", String(this.layout.rows));
    root.lang = this.t.language;
    this.invalidate();
  }

  // Keys and touch

  private pointer(event: PointerEvent): void {
    this.sounds.unlock();
    if (this.lockedUntil > performance.now()) {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  private key(event: KeyboardEvent): void {
    this.sounds.unlock();
    if (this.lockedUntil > performance.now()) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    if (this.learning) {
      event.preventDefault();
      this.change({ learned: { ...this.settings.learned, [nameOf(event)]: this.learning } });
      this.learning = null;
      return;
    }
    if (this.settingUp) {
      const target = event.target as HTMLElement | null;
      if (event.key === "Enter" && target?.tagName !== "BUTTON") {
        // A number that is still being typed counts.
        if (target?.tagName === "INPUT") target.blur();
        this.setUp(false);
      }
      return;
    }
    const fn = functionOf(event, this.settings.learned);
    if (!fn || event.repeat) {
      if (fn) event.preventDefault();
      return;
    }
    event.preventDefault();
    this.do(fn);
  }

  private do(fn: KeyFunction): void {
    const at = place(fn);
    const dialog = this.dialog;
    if (fn === "help") return dialog?.kind === "help" ? this.closeAll() : this.open("help");
    if (dialog && dialog.kind !== "sheet") {
      const pages = Math.max(1, Math.ceil(dialog.entries.length / 10));
      if (fn === "back" || (fn === "menu" && dialog.kind === "menu") || (fn === "recall" && dialog.kind === "recall")) this.dialog = null;
      else if (fn === "next") dialog.page = (dialog.page + 1) % pages;
      else if (fn === "previous") dialog.page = (dialog.page + pages - 1) % pages;
      else if (at !== null) {
        const entry = dialog.entries[dialog.page * 10 + at];
        if (entry) this.run(entry);
      }
      this.invalidate();
      return;
    }
    const key = dialog?.key ?? this.selected;
    const ticket = key ? this.find(key) : null;
    switch (fn) {
      case "back":
        if (dialog) this.dialog = null;
        else this.selected = null;
        break;
      case "undo":
        return this.undo();
      case "recall":
        return this.open("recall");
      case "menu":
        return this.open("menu", key ?? undefined);
      case "next":
      case "previous": {
        const by = fn === "next" ? 1 : -1;
        if (!ticket) return this.turn(by);
        if (dialog) return this.turnSheet(by);
        return this.turnLines(by, this.targets(ticket).length);
      }
      case "bump":
        if (key) {
          this.dialog = null;
          return this.bumpTicket(key);
        }
        return;
      default:
        if (at === null || this.view() === "board") return;
        if (ticket && key) {
          const line = this.targets(ticket)[this.linePage * 10 + at];
          if (line) this.bumpLine(key, line.item);
        } else {
          const chosen = this.slots.visible()[at];
          if (!chosen) return;
          if (this.settings.oneKey) this.bumpTicket(chosen);
          else this.select(chosen);
        }
    }
    this.invalidate();
  }

  private wake(): void {
    if ("wakeLock" in navigator && document.visibilityState === "visible") {
      void navigator.wakeLock.request("screen").catch(() => undefined);
    }
  }
}
