// A development tool, not the agent: serves dist/ on 127.0.0.1, starts a mosquitto of its own and
// plays a small kitchen by docs/kitchen.md, so that the page can be looked at without a daemon.
// node dev/agent.mjs [http port] [view] [orders] [changes per second]
import { spawn } from "node:child_process";
import { readFile, writeFile, mkdtemp, rm } from "node:fs/promises";
import http from "node:http";
import net from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import mqtt from "mqtt";

const [port = "8099", view = "kitchen", orders = "9", rate = "0"] = process.argv.slice(2);
const dist = new URL("../dist/", import.meta.url);
const prefix = "outlet/v1/dev";
const epoch = Math.floor(Date.now() / 1000);
const station = { kitchen: "grill", expediter: "pass", waiter: "pass", board: "board" }[view];
const kind = { kitchen: "kitchen", expediter: "expediter", waiter: "expediter", board: "board" }[view];

const free = () => new Promise((done) => {
  const server = net.createServer().listen(0, "127.0.0.1", () => {
    const { port } = server.address();
    server.close(() => done(port));
  });
});
const [tcp, ws] = [await free(), await free()];
const folder = await mkdtemp(join(tmpdir(), "screens-dev-"));
await writeFile(join(folder, "m.conf"), `listener ${tcp} 127.0.0.1\nlistener ${ws} 127.0.0.1\nprotocol websockets\nallow_anonymous true\npersistence false\n`);
const broker = spawn("mosquitto", ["-c", join(folder, "m.conf")], { stdio: "ignore" });
const client = mqtt.connect(`mqtt://127.0.0.1:${tcp}`, { protocolVersion: 5, reconnectPeriod: 200 });
const topic = (rest) => `${prefix}/${rest}`;
const iso = (ms) => new Date(ms).toISOString();

let rev = 0;
let made = 0;
let watches = 0;
const tickets = new Map();
const recall = [];
const undo = new Map();
let peak = false;

const DISHES = [["RIBEYE", "300 G"], ["BURGER"], ["P MARGAR LAR"], ["CAESAR SALAD"], ["MĂMĂLIGĂ CU BRÂNZĂ"], ["БОРЩ УКРАИНСКИЙ"], ["FRIES"]];
function make(now, extra) {
  const n = ++made;
  const lines = Array.from({ length: 1 + (n * 7) % 5 }, (_, i) => {
    const [name, size] = DISHES[(n + i * 3) % DISHES.length];
    return {
      item: `i${i + 1}`, name, ...(size ? { size } : {}), quantity: String(1 + ((n + i) % 3)), state: "queued", since: iso(now), ver: 1,
      course: 0, round: 1, due_at: iso(now + ((n % 4) * 4 - 1) * 60_000 + 30_000),
      modifiers: i % 2 ? [{ name: "ONION", quantity: "0" }, { name: "CHEESE", quantity: "1" }] : [],
      ...(view === "kitchen" ? {} : { stations: [{ station: "grill", name: "Grill", state: "queued" }] }),
    };
  });
  return { ticket: `o${n}`, station, epoch, ver: 1, number: String(100 + n), type: ["dine-in", "takeaway", "delivery"][n % 3],
    ...(n % 3 === 0 ? { table: String(n) } : {}), waiter: "Ana", state: "queued", placed_at: iso(now), since: iso(now - n * 45_000), lines, ...extra };
}
function show(ticket) {
  ticket.rev = ++rev;
  tickets.set(ticket.ticket, ticket);
  const { lines, ...head } = ticket;
  client.publish(topic(`kitchen/${station}/ticket/${ticket.ticket}`), JSON.stringify(kind === "board" ? head : { ...head, lines }), { qos: 1, retain: true });
}
function manifest() {
  const others = [["grill", "Grill", true, null], ["fry", "Fry", true, "grill"], ["cold", "Cold", false, null], ["bar", "Bar", true, null]];
  client.publish(topic(`kitchen/${station}/manifest`), JSON.stringify({
    station, name: { grill: "Grill", pass: "Pass", board: "Board" }[station], kind, epoch, rev: ++rev, at: iso(Date.now()), language: "en", steps: 2,
    cooking_s: 600, undo_s: 5, peak, peak_to: null, pulled_by: null, printer: true, tickets: [...tickets.values()].map((t) => [t.ticket, t.ver]), recall,
    ...(kind === "expediter" ? { stations: others.map(([id, name, watched, by], i) => ({ station: id, name, kind: "kitchen", open: 5 + i, cooking: i, peak: i === 0, pulled_by: by, watched })) } : {}),
  }), { qos: 1, retain: true });
}
function remove(ticket) {
  tickets.delete(ticket.ticket);
  recall.unshift({ ticket: ticket.ticket, number: ticket.number, table: ticket.table, at: iso(Date.now()), items: ticket.lines.length });
  recall.length = Math.min(20, recall.length);
  undo.set(ticket.ticket, ticket);
  client.publish(topic(`kitchen/${station}/ticket/${ticket.ticket}`), "", { qos: 1, retain: true });
}
function settle(ticket) {
  const states = ticket.lines.map((line) => line.state);
  ticket.ver += 1;
  ticket.state = states.every((s) => s === "served") ? "served" : states.every((s) => s === "ready" || s === "served") ? "ready" : states.includes("cooking") ? "cooking" : states.every((s) => s === "held") ? "held" : "queued";
  const gone = states.length === 0 || (kind === "kitchen" ? states.every((s) => s === "ready") : states.every((s) => s === "served"));
  if (gone) remove(ticket);
  else show(ticket);
  manifest();
}
const done = new Map();
function command(screen, command) {
  const answer = (result, more) => client.publish(topic(`kitchen/answer/${screen}`), JSON.stringify({ cmd: command.cmd, result, at: iso(Date.now()), epoch, duplicate: false, build: "dev", ...more }), { qos: 1 });
  if (command.op === "watch") return (watches++, answer("ok"));
  if (Date.parse(command.expires) < Date.now()) return answer("expired");
  if (command.op === "peak") return ((peak = command.on), manifest(), answer("applied"));
  const ticket = tickets.get(command.ticket) ?? (["undo", "recall"].includes(command.op) ? undo.get(command.ticket) : undefined);
  if (!ticket) return answer("conflict");
  const wanted = ticket.lines.filter((line) => !command.items || command.items.includes(line.item));
  if (command.op === "move") {
    const from = [command.from].flat();
    const lines = wanted.filter((line) => from.includes(line.state));
    if (lines.length === 0) return answer(wanted.every((line) => line.state === command.to) ? "noop" : "conflict", { ticket: ticket.ticket, ver: ticket.ver });
    done.set(command.cmd, lines.map((line) => [line, line.state]));
    for (const line of lines) line.state = command.to;
  } else if (command.op === "undo") for (const [line, state] of done.get(command.of) ?? []) line.state = state;
  else if (command.op === "recall") for (const line of ticket.lines) line.state = "queued";
  else if (command.op === "acknowledge") {
    ticket.lines = ticket.lines.filter((line) => line.state !== "voided");
    for (const line of wanted) delete line.changed;
  } else if (command.op === "hold") for (const line of wanted) line.state = "held";
  else if (command.op === "fire") for (const line of wanted) line.state = line.state === "held" ? "queued" : line.state;
  else if (command.op === "rush") ticket.rush = command.on;
  if (tickets.size > 5000) done.clear();
  settle(ticket);
  answer("applied", { ticket: ticket.ticket, ver: ticket.ver });
}

client.on("message", (name, payload) => {
  const screen = name.split("/").at(-1);
  command(screen, JSON.parse(payload));
});
client.once("connect", () => {
  client.subscribe(topic("kitchen/command/+"), { qos: 1 });
  client.publish(topic("agent"), JSON.stringify({ state: "online", version: "dev" }), { retain: true });
  client.publish(topic("kitchen/screen/s1"), JSON.stringify({ screen: "s1", name: "Dev", view, stations: [station], language: "en", watching: true, at: iso(Date.now()), version: 1 }), { retain: true });
  const now = Date.now();
  for (let i = 0; i < Number(orders); i++) show(make(now));
  const all = [...tickets.values()];
  const [a, b, c, d, e] = all;
  if (e && kind !== "board") {
    Object.assign(a, { rush: true, printed: true, note: "BIRTHDAY, CANDLES", also: [{ station: "fry", name: "FRY", state: "cooking" }] });
    Object.assign(a.lines[0], { state: "cooking", note: "MEDIUM RARE", allergens: ["MILK", "NUTS"], seat: 2 });
    b.lines.push({ ...b.lines[0], item: "v", name: "SOUP OF THE DAY", state: "voided", void: { at: iso(now), reason: "guest left", by: "Ana", quantity: "1" } });
    b.lines[0].changed = true;
    b.lines[0].was = { quantity: "2" };
    c.lines.splice(0, 9, { ...c.lines[0], name: "PIZZA 32 CM", modifiers: [], halves: [{ name: "MARGHERITA", modifiers: [{ name: "BASIL", quantity: "0" }] }, { name: "DIAVOLA", modifiers: [] }] },
      { ...c.lines[0], item: "m", name: "COCA-COLA (Bar)", modifiers: [], with: [{ name: "CHEESECAKE", station: "kitchen", name_of_station: "Kitchen" }] },
      { ...c.lines[0], item: "h", name: "TIRAMISU", modifiers: [], course: 2, state: "held", fire_at: iso(now + 900_000) },
      { ...c.lines[0], item: "x", name: "FRIES", modifiers: [], course: 2, round: 2, state: "queued" });
    d.overdue = true;
    d.delayed = true;
    d.lines.push({ ...d.lines[0], item: "rtl", name: "شاورما 🌯 <b>X</b>", modifiers: Array.from({ length: 200 }, (_, i) => ({ name: `EXTRA ${i}`, quantity: "1" })) });
    e.lines[0].name = "VERY LONG NAME ".repeat(33);
  }
  if (view === "expediter" || view === "waiter") for (const t of all.filter((_, i) => i % 3 === 1)) {
    for (const line of t.lines) if (line.state !== "voided") Object.assign(line, { state: "ready", stations: [{ station: "grill", name: "Grill", state: "ready" }] });
    t.state = "ready";
  }
  if (kind === "board") for (const t of all.filter((_, i) => i % 3 === 1)) t.state = "ready";
  for (const t of all) show(t);
  manifest();
  if (Number(rate) > 0) setInterval(() => {
    // By turns: an order among the first changes, and the last one goes and a new one comes.
    const all = [...tickets.values()];
    const turn = made % 2 === 0 || all.length < 8;
    if (turn) {
      remove(all.at(-1));
      show(make(Date.now(), { note: `@${Date.now()}` }));
    } else {
      made++;
      const one = all[made % 6];
      one.ver += 1;
      show({ ...one, note: `@${Date.now()}` });
    }
    manifest();
  }, 1000 / Number(rate));
});

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };
const server = http.createServer(async (request, response) => {
  const path = new URL(request.url, "http://x").pathname;
  const json = (status, body) => response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  if (path === "/api/about") return json(200, { outlet: "dev", prefix, version: "dev", build: "dev", fingerprint: "AB:CD:EF:01:23", plain: true });
  if (path === "/api/pairing") return json(201, { pairing: "p1", claim: "c", code: "K7M4QX", expires_s: 600, fingerprint: "AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89", outlet: "dev" });
  if (path.startsWith("/api/pairing/")) return setTimeout(() => json(200, { state: "admitted", screen: "s1", secret: "x" }), 4000);
  try {
    const body = await readFile(new URL(path === "/" ? "index.html" : `.${path}`, dist));
    response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "text/html", "cache-control": "no-cache" }).end(body);
  } catch {
    response.writeHead(404).end();
  }
});
server.on("upgrade", (request, socket, head) => {
  const up = net.connect(ws, "127.0.0.1", () => {
    const headers = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`).join("\r\n");
    up.write(`GET / HTTP/1.1\r\n${headers}\r\n\r\n`);
    up.write(head);
    socket.pipe(up).pipe(socket);
  });
  up.on("error", () => socket.destroy());
  socket.on("error", () => up.destroy());
});
server.listen(Number(port), "127.0.0.1", () => console.log(`http://127.0.0.1:${port}/`));
setInterval(() => process.env.VERBOSE && console.log("watches", watches, "tickets", tickets.size), 5000).unref();
const end = async () => {
  broker.kill();
  await rm(folder, { recursive: true, force: true });
  process.exit(0);
};
process.on("SIGINT", end);
process.on("SIGTERM", end);
