// An outlet for tests: the real agent as a process of its own, tills, a cable that can be cut, and screens.

import { spawn, execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import mqtt from 'mqtt';
import { chromium } from 'playwright-core';

/** How long a test waits for what must come. Never reached by a test that passes. */
export const PATIENCE = 20_000;
const run = promisify(execFile);

export async function freePort() {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

export async function until(what, ask, patience = PATIENCE) {
  const end = performance.now() + patience;
  for (;;) {
    const found = await ask();
    if (found) return found;
    if (performance.now() > end) throw new Error(`never came: ${what}`);
    await new Promise((done) => setTimeout(done, 25));
  }
}

/** Whether somebody listens there. */
function opens(port) {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1', () => { socket.destroy(); done(true); });
    socket.on('error', () => done(false));
  });
}

export const STATIONS = `
[kitchen]
language = "en"

[[station]]
id = "grill"
name = "Grill"
places = ["kitchen"]

[[station]]
id = "cold"
name = "Cold"
places = ["cold"]
peak_to = "grill"

[[station]]
id = "pass"
name = "Pass"
kind = "expediter"

[[station]]
id = "hall"
kind = "board"
`;

/** A browser for all tests of a file. */
export async function browser() {
  const path = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
  if (!path) throw new Error('there is no chromium: ./check installs it');
  return chromium.launch({ executablePath: path, args: ['--no-sandbox', '--disable-gpu'] });
}

export class Outlet {
  static async open({ stations = STATIONS, more = '', address = '127.0.0.1', web = {}, broker = null } = {}) {
    const outlet = new Outlet();
    outlet.folder = mkdtempSync(join(tmpdir(), 'outlet-'));
    outlet.mqttPort = broker ? broker.port : await freePort();
    outlet.webPort = await freePort();
    const door = { listen: `${address}:${outlet.webPort}`, ...web };
    const lines = Object.entries(door).map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
    const head = broker
      ? `[broker]\nurl = "mqtt://127.0.0.1:${broker.port}"\n`
      : `[embedded]\nmqtt = "127.0.0.1:${outlet.mqttPort}"\n`;
    writeFileSync(join(outlet.folder, 'outletd.toml'),
      `outlet = "test"\ndata = ${JSON.stringify(join(outlet.folder, 'data'))}\n${head}[web]\n${lines.join('\n')}\n${stations}${more}`);
    outlet.origin = `http://127.0.0.1:${outlet.webPort}`;
    await outlet.start();
    return outlet;
  }

  async start() {
    const config = join(this.folder, 'outletd.toml');
    this.agent = spawn(process.env.OUTLETD, ['run', '--log', 'warn', '--config', config], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.log = '';
    this.agent.stderr.on('data', (text) => { this.log += text; });
    this.ended = once(this.agent, 'exit');
    await until('the agent', async () => {
      if (this.agent.exitCode !== null) throw new Error(`the agent ended: ${this.log}`);
      return (await opens(this.webPort)) && opens(this.mqttPort);
    });
  }

  /** SIGKILL: as a power cut. */
  async kill() {
    this.agent.kill('SIGKILL');
    await this.ended;
  }

  /** A cable from a screen to the agent, that can be pulled. */
  async cable() {
    const cable = await Cable.to(this.webPort);
    (this.cables ??= []).push(cable);
    return cable;
  }

  async close() {
    for (const cable of this.cables ?? []) cable.close();
    await Promise.all((this.tills ?? []).map((till) => till.close()));
    if (this.agent.exitCode === null && this.agent.signalCode === null) {
      this.agent.kill('SIGTERM');
      await this.ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  async cli(...words) {
    const { stdout } = await run(process.env.OUTLETD, [...words, '--broker', `mqtt://127.0.0.1:${this.mqttPort}`, '--outlet', 'test']);
    return stdout;
  }

  async till(name = 'pos-1') {
    const till = await Till.open(this.mqttPort, name);
    (this.tills ??= []).push(till);
    return till;
  }

  /** A page that was admitted, in a browser context of its own. */
  async screen(browser, view, station, options = {}) {
    const { origin = this.origin, size = { width: 1920, height: 1080 }, language = 'en', init, context = {} } = options;
    const own = await browser.newContext({ viewport: size, hasTouch: true, ...context });
    const page = await own.newPage();
    page.setDefaultTimeout(PATIENCE);
    page.problems = [];
    page.on('pageerror', (error) => page.problems.push(error.message));
    if (init) await page.addInitScript(init);
    await page.goto(`${origin}/?diagonal=21.5&distance=2&language=${language}`);
    const code = (await page.getByTestId('code').innerText()).trim();
    await this.cli('screens', 'admit', code, '--view', view, '--station', station);
    await page.locator('[data-testid=link][data-state=live]').waitFor({ state: 'attached' });
    return page;
  }
}

/** A till, or any program on the bus. */
export class Till {
  static async open(port, name) {
    const till = new Till();
    till.name = name;
    till.heard = [];
    till.retained = new Map();
    till.waiting = [];
    till.client = mqtt.connect(`mqtt://127.0.0.1:${port}`, { protocolVersion: 5, clientId: name, reconnectPeriod: 100 });
    till.client.on('connect', () => till.client.subscribe('outlet/v1/test/#', { qos: 1 }));
    till.client.on('error', () => undefined);
    till.client.on('message', (topic, payload) => {
      const value = payload.length > 0 ? JSON.parse(payload.toString()) : null;
      const message = { topic: topic.replace('outlet/v1/test/', ''), value, at: Date.now() };
      till.heard.push(message);
      if (value === null) till.retained.delete(message.topic);
      else till.retained.set(message.topic, value);
      till.waiting = till.waiting.filter((ask) => !ask(message));
    });
    await once(till.client, 'packetreceive');
    await until('the till to hear the outlet', () => till.retained.has('agent'));
    return till;
  }

  close() {
    return this.client.endAsync(true);
  }

  next(what, fits) {
    return new Promise((found, lost) => {
      const timer = setTimeout(() => lost(new Error(`never heard: ${what}`)), PATIENCE);
      this.waiting.push((message) => {
        if (!fits(message)) return false;
        clearTimeout(timer);
        found(message.value);
        return true;
      });
    });
  }

  /** Submits an order or a change, and waits until it is taken, or as the caller says. */
  async order(order, { station = 'grill', state = 'accepted', id = `job-${Math.random().toString(36).slice(2)}`, ...more } = {}) {
    const job = { id, kind: 'ticket', document: order, ...more };
    const answered = this.next(`${id} ${state}`, ({ topic, value }) => topic === `job/${id}` && value?.state === state);
    await this.client.publishAsync(`outlet/v1/test/device/${station}/job`, JSON.stringify(job), { qos: 1 });
    return answered;
  }

  async job(id, state) {
    const known = this.retained.get(`job/${id}`);
    if (known?.state === state) return known;
    return this.next(`${id} ${state}`, ({ topic, value }) => topic === `job/${id}` && value?.state === state);
  }

  /** Gives a command as a program does, with an expediter's rights. */
  async command(command) {
    const cmd = `c-${Math.random().toString(36).slice(2)}`;
    const answered = this.next(`the answer to ${command.op}`, ({ topic, value }) => topic === `kitchen/answer/${this.name}` && value?.cmd === cmd);
    await this.client.publishAsync(`outlet/v1/test/kitchen/command/${this.name}`, JSON.stringify({ cmd, ...command }), { qos: 1 });
    return answered;
  }

  ticket(station, order) {
    return this.retained.get(`kitchen/${station}/ticket/${order}`);
  }

  /** What the feed says of an item at a station: the states it went to. */
  states(order, item, station) {
    const fits = ({ topic, value }) => topic === 'event' && value.event === 'kitchen' && value.order === order && value.item === item && value.station === station;
    return this.heard.filter(fits).map(({ value }) => value.to);
  }
}

/** A cable between a page and the agent. */
export class Cable {
  static async to(port) {
    const cable = new Cable();
    cable.cut = false;
    cable.pairs = new Set();
    cable.server = createServer((near) => {
      const far = connect(port, '127.0.0.1');
      const pair = [near, far];
      cable.pairs.add(pair);
      for (const [from, to] of [[near, far], [far, near]]) {
        from.on('data', (bytes) => { if (!cable.cut) to.write(bytes); });
        from.on('error', () => undefined);
        from.on('close', () => { to.destroy(); cable.pairs.delete(pair); });
      }
    });
    cable.server.listen(0, '127.0.0.1');
    await once(cable.server, 'listening');
    cable.port = cable.server.address().port;
    cable.origin = `http://127.0.0.1:${cable.port}`;
    return cable;
  }

  /** Nothing comes through any more, and nobody is told: as when a switch loses its power. */
  pull() {
    this.cut = true;
  }

  /** What was lost stays lost. */
  plug() {
    this.cut = false;
    this.reset();
  }

  reset() {
    for (const pair of this.pairs) for (const socket of pair) socket.destroy();
  }

  close() {
    this.reset();
    this.server.close();
  }
}

/** Mosquitto, for an outlet with a broker of its own. */
export class Mosquitto {
  static async open() {
    const broker = new Mosquitto();
    broker.folder = mkdtempSync(join(tmpdir(), 'mosquitto-'));
    broker.port = await freePort();
    writeFileSync(join(broker.folder, 'mosquitto.conf'), `listener ${broker.port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n`);
    await broker.start();
    return broker;
  }

  async start() {
    this.process = spawn('mosquitto', ['-c', join(this.folder, 'mosquitto.conf')], { stdio: 'ignore' });
    this.ended = once(this.process, 'exit');
    await until('mosquitto', () => opens(this.port));
  }

  async stop() {
    this.process.kill('SIGTERM');
    await this.ended;
  }

  async close() {
    if (this.process.exitCode === null) await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

// ---- what is seen of a page -------------------------------------------------------------------------------

export const tile = (page, order) => page.locator(`[data-testid=tile][data-ticket="${order}"]`);
export const line = (page, order, item) => tile(page, order).locator(`[data-testid=line][data-item="${item}"]`);
export const tiles = (page) => page.getByTestId('tile').evaluateAll((all) => all.map((one) => one.dataset.ticket));
export const lineIs = (page, order, item, state) =>
  tile(page, order).locator(`[data-testid=line][data-item="${item}"][data-state="${state}"][data-pending=false]`).waitFor();
export const gone = (page, order) => tile(page, order).waitFor({ state: 'detached' });

/** Presses the digit of an order's tile. */
export async function choose(page, order) {
  const slot = Number(await tile(page, order).getAttribute('data-slot'));
  await page.keyboard.press(String((slot + 1) % 10));
  await page.locator(`[data-testid=tile][data-ticket="${order}"][data-selected=true]`).waitFor();
}

/** Opens a menu and takes the entry with these words. */
export async function pick(page, words, by) {
  const entry = page.getByTestId('entry').filter({ hasText: words }).first();
  await entry.waitFor();
  if (by === 'touch') await entry.tap();
  else await page.keyboard.press((await entry.locator('kbd').innerText()).trim());
}

export const dish = (id, more = {}) => ({ id, name: `Dish ${id}`, place: 'kitchen', ...more });
