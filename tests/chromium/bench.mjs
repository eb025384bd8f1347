// The rush: 200 tickets at a station and 20 changes a second, then 10,000 tickets. Prints a table; ends with 1
// when a target is missed.

import { cpus } from 'node:os';
import { Outlet, browser, dish, tile, until } from './outlet.mjs';

const SECONDS = 60;
const RATE = 20;
const chromium = await browser();
const outlet = await Outlet.open();
const till = await outlet.till();
const page = await outlet.screen(chromium, 'kitchen', 'grill');
await Promise.all(Array.from({ length: 200 }, (_, n) => till.order({ order: `r${n}`, number: String(n), items: [dish('1'), dish('2'), dish('3')] })));
await page.getByTestId('count').filter({ hasText: '200' }).waitFor();
await tile(page, 'r0').waitFor();

// When a tile comes to a version, by the machine's clock that the till has too.
await page.evaluate(() => {
  globalThis.__seen = {};
  const note = (one) => { globalThis.__seen[`${one.dataset.ticket} ${one.dataset.ver}`] ??= performance.timeOrigin + performance.now(); };
  new MutationObserver((changes) => {
    for (const { target } of changes) if (target.dataset?.testid === 'tile') requestAnimationFrame(() => note(target));
  }).observe(document.body, { subtree: true, attributes: true, attributeFilter: ['data-ver'] });
});
const published = new Map();
till.client.on('message', (topic, payload) => {
  const order = topic.match(/kitchen\/grill\/ticket\/(.+)$/)?.[1];
  if (!order || payload.length === 0) return;
  const { ver } = JSON.parse(payload.toString());
  if (!published.has(`${order} ${ver}`)) published.set(`${order} ${ver}`, performance.timeOrigin + performance.now());
});
const shown = await page.getByTestId('tile').evaluateAll((all) => all.map((one) => one.dataset.ticket));
const asked = new Map();
const states = new Map();
const begin = performance.now();
for (let n = 0; n < SECONDS * RATE; n++) {
  // Three in four changes are of tickets that are looked at; the others of the queue behind them.
  const ticket = n % 4 < 3 ? shown[n % shown.length] : `r${20 + (n % 180)}`;
  const item = String(1 + (Math.floor(n / shown.length) % 3));
  const from = states.get(`${ticket} ${item}`) ?? 'queued';
  const to = from === 'queued' ? 'cooking' : 'queued';
  states.set(`${ticket} ${item}`, to);
  const at = performance.timeOrigin + performance.now();
  void till.command({ op: 'move', station: 'grill', ticket, items: [item], from, to }).then((answer) => {
    if (answer.result === 'applied') asked.set(`${ticket} ${answer.ver}`, at);
  });
  await new Promise((done) => setTimeout(done, Math.max(0, begin + ((n + 1) * 1000) / RATE - performance.now())));
}
await new Promise((done) => setTimeout(done, 1000));
const seen = await page.evaluate(() => globalThis.__seen);
const spread = (from) => {
  const all = Object.entries(seen).flatMap(([what, at]) => (from.has(what) ? [at - from.get(what)] : [])).sort((a, b) => a - b);
  const at = (part) => all[Math.min(all.length - 1, Math.floor(all.length * part))];
  return { count: all.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), most: all.at(-1) };
};
const fromAgent = spread(published);
const fromCommand = spread(asked);

const cdp = await page.context().newCDPSession(page);
const memory = async () => {
  await cdp.send('HeapProfiler.collectGarbage');
  const { usedSize } = await cdp.send('Runtime.getHeapUsage');
  const { nodes, jsEventListeners } = await cdp.send('Memory.getDOMCounters');
  return { heap: usedSize / 2 ** 20, nodes, jsEventListeners };
};
for (let n = 0; n < 200; n++) void till.command({ op: 'move', station: 'grill', ticket: `r${n}`, from: ['queued', 'cooking'], to: 'ready' });
await until('the rush is over', async () => (await page.getByTestId('count').innerText()).startsWith('0'));
const rows = [];
for (let n = 0; n < 10_000; n += 50) {
  await Promise.all(Array.from({ length: 50 }, (_, i) => till.order({ order: `m${n + i}`, number: String(n + i), items: [dish('1')] })));
  await Promise.all(Array.from({ length: 50 }, (_, i) => till.command({ op: 'move', station: 'grill', ticket: `m${n + i}`, from: 'queued', to: 'ready' })));
  till.heard.length = 0;
  if ([1000, 5000, 10_000].includes(n + 50)) {
    await until('they are gone', async () => (await page.getByTestId('count').innerText()).startsWith('0'));
    rows.push([n + 50, await memory()]);
  }
}
const ms = (value) => value?.toFixed(1).padStart(7);
console.log(`${cpus()[0].model}, ${cpus().length} cores, Chromium ${chromium.version()}, 200 tickets, ${RATE} changes a second for ${SECONDS} s\n`);
console.log('| what, ms | changes | p50 | p95 | p99 | most |\n|---|---|---|---|---|---|');
for (const [what, one] of [['publish of the ticket to the tile painted', fromAgent], ['command of another program to the tile painted', fromCommand]]) {
  console.log(`| ${what} | ${one.count} | ${ms(one.p50)} | ${ms(one.p95)} | ${ms(one.p99)} | ${ms(one.most)} |`);
}
console.log('\n| tickets so far | heap, MiB | DOM nodes | listeners |\n|---|---|---|---|');
for (const [count, { heap, nodes, jsEventListeners }] of rows) console.log(`| ${count} | ${heap.toFixed(1)} | ${nodes} | ${jsEventListeners} |`);
const flat = rows.at(-1)[1].heap <= rows[0][1].heap * 1.1 + 1 && rows.at(-1)[1].nodes <= rows[0][1].nodes * 1.1 + 50;
const fast = fromAgent.p95 <= 100;
console.log(`\ntile within 100 ms of the publish at p95: ${fast ? 'met' : 'missed'}\nmemory flat over 10,000 tickets: ${flat ? 'met' : 'missed'}`);
await outlet.close();
await chromium.close();
process.exit(fast && flat ? 0 : 1);
