// Networks, power cuts, clocks and brokers: no ticket lost, none twice, none resurrected.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Mosquitto, Outlet, browser, dish, gone, line, lineIs, tile, tiles, until } from './outlet.mjs';

let chromium;
before(async () => { chromium = await browser(); });
after(() => chromium.close());

async function kitchen(run, options) {
  const outlet = await Outlet.open(options);
  try {
    await run(outlet, await outlet.till());
  } finally {
    await outlet.close();
  }
}

const isStale = (page) => page.getByTestId('stale-banner').waitFor();
const isLive = async (page) => {
  await page.locator('[data-testid=link][data-state=live]').waitFor();
  await page.getByTestId('stale-banner').waitFor({ state: 'detached' });
};

for (const [cut, slow] of [['for a while', false], ['for half a minute', true]]) {
  test(`the network is cut ${cut}: the screen looks stale, then shows what is there`, { skip: slow && !process.env.SLOW }, () => kitchen(async (outlet, till) => {
    const cable = await outlet.cable();
    const page = await outlet.screen(chromium, 'kitchen', 'grill', { origin: cable.origin });
    for (const order of ['a1', 'a2', 'a3']) await till.order({ order, items: [dish('1')] });
    await tile(page, 'a3').waitFor();
    cable.pull();
    const since = performance.now();
    // What happens meanwhile: one goes, one changes, one comes.
    await till.command({ op: 'move', station: 'grill', ticket: 'a1', from: 'queued', to: 'ready' });
    await till.command({ op: 'move', station: 'grill', ticket: 'a2', from: 'queued', to: 'cooking' });
    await till.order({ order: 'a4', items: [dish('1')] });
    await isStale(page);
    assert.equal(await tile(page, 'a1').count(), 1, 'old, but still to be read');
    if (slow) await until('half a minute', () => performance.now() - since > 30_000, 40_000);
    cable.plug();
    await isLive(page);
    await gone(page, 'a1');
    await tile(page, 'a4').waitFor();
    await lineIs(page, 'a2', '1', 'cooking');
    assert.deepEqual((await tiles(page)).sort(), ['a2', 'a3', 'a4']);
  }));
}

test('what is pressed while the network is away is done once when it is back', () => kitchen(async (outlet, till) => {
  const cable = await outlet.cable();
  const page = await outlet.screen(chromium, 'kitchen', 'grill', { origin: cable.origin });
  await till.order({ order: 'a1', items: [dish('1')] });
  await tile(page, 'a1').waitFor();
  cable.pull();
  await line(page, 'a1', '1').tap();
  // Taken back on the screen, and kept.
  await page.locator('[data-testid=line][data-item="1"][data-pending=queued]').waitFor();
  assert.deepEqual(till.states('a1', '1', 'grill'), ['queued']);
  cable.plug();
  await lineIs(page, 'a1', '1', 'cooking');
  assert.deepEqual(till.states('a1', '1', 'grill'), ['queued', 'cooking']);
}));

test('what was pressed more than a minute ago is not done any more', { skip: !process.env.SLOW }, () => kitchen(async (outlet, till) => {
  const cable = await outlet.cable();
  const page = await outlet.screen(chromium, 'kitchen', 'grill', { origin: cable.origin });
  await till.order({ order: 'a1', items: [dish('1')] });
  await tile(page, 'a1').waitFor();
  cable.pull();
  const since = performance.now();
  await line(page, 'a1', '1').tap();
  await page.locator('[data-testid=line][data-item="1"][data-pending=queued]').waitFor();
  await until('a minute', () => performance.now() - since > 62_000, 70_000);
  cable.plug();
  await isLive(page);
  await lineIs(page, 'a1', '1', 'queued');
  assert.deepEqual(till.states('a1', '1', 'grill'), ['queued']);
}));

test('the agent is killed in the middle of it: every order is there again, once', () => kitchen(async (outlet, till) => {
  const page = await outlet.screen(chromium, 'kitchen', 'grill');
  for (let n = 1; n <= 5; n++) await till.order({ order: `a${n}`, items: [dish('1')] });
  await tile(page, 'a5').waitFor();
  await line(page, 'a2', '1').tap();
  await lineIs(page, 'a2', '1', 'cooking');
  await till.command({ op: 'move', station: 'grill', ticket: 'a1', from: 'queued', to: 'ready' });
  await gone(page, 'a1');
  const epoch = till.retained.get('kitchen/grill/manifest').epoch;
  await outlet.kill();
  await page.locator('[data-testid=link]:not([data-state=live])').waitFor();
  await outlet.start();
  await isLive(page);
  await lineIs(page, 'a2', '1', 'cooking');
  assert.deepEqual((await tiles(page)).sort(), ['a2', 'a3', 'a4', 'a5']);
  await until('the till hears the new run', () => till.retained.get('kitchen/grill/manifest')?.epoch > epoch);
  // And it works on.
  await line(page, 'a3', '1').tap();
  await lineIs(page, 'a3', '1', 'cooking');
}));

test('a page that is loaded again shows the same, and needs no new code', () => kitchen(async (outlet, till) => {
  const page = await outlet.screen(chromium, 'kitchen', 'grill');
  await till.order({ order: 'a1', items: [dish('1'), dish('2')] });
  await line(page, 'a1', '1').tap();
  await lineIs(page, 'a1', '1', 'cooking');
  await page.reload();
  await lineIs(page, 'a1', '1', 'cooking');
  await lineIs(page, 'a1', '2', 'queued');
  assert.deepEqual(await tiles(page), ['a1']);
}));

test('a broker of its own that is started again, empty, is told everything', async () => {
  const broker = await Mosquitto.open();
  const outlet = await Outlet.open({ broker });
  try {
    const till = await outlet.till();
    const page = await outlet.screen(chromium, 'kitchen', 'grill');
    for (const order of ['a1', 'a2']) await till.order({ order, items: [dish('1')] });
    await tile(page, 'a2').waitFor();
    await line(page, 'a2', '1').tap();
    await lineIs(page, 'a2', '1', 'cooking');
    await broker.stop();
    await page.locator('[data-testid=link]:not([data-state=live])').waitFor();
    await broker.start();
    await isLive(page);
    await line(page, 'a1', '1').tap();
    await lineIs(page, 'a1', '1', 'cooking');
    assert.deepEqual((await tiles(page)).sort(), ['a1', 'a2']);
    // An order that somebody forges there, or an earlier run has left, is cleared.
    const forged = { ...till.ticket('grill', 'a1'), ticket: 'ghost', number: '666', rev: 999_999 };
    await till.client.publishAsync('outlet/v1/test/kitchen/grill/ticket/ghost', JSON.stringify(forged), { qos: 1, retain: true });
    await until('the forged order is cleared', () => till.heard.some(({ topic, value }) => topic === 'kitchen/grill/ticket/ghost' && value === null));
    await gone(page, 'ghost');
  } finally {
    await outlet.close();
    await broker.close();
  }
});

for (const hours of [-1, 1]) {
  test(`a screen whose clock is ${hours > 0 ? 'ahead' : 'behind'} by an hour shows the agent's times, and its presses count`, () => kitchen(async (outlet, till) => {
    const page = await outlet.screen(chromium, 'kitchen', 'grill', {
      init: `(() => {
        const Real = Date;
        const shift = () => ${hours} * 3600000 + (globalThis.__jump ?? 0);
        globalThis.Date = class extends Real {
          constructor(...given) { given.length === 0 ? super(Real.now() + shift()) : super(...given); }
          static now() { return Real.now() + shift(); }
        };
      })()`,
    });
    await till.order({ order: 'a1', items: [dish('1', { cooking_s: 600 })] });
    await tile(page, 'a1').waitFor();
    const left = async () => (await tile(page, 'a1').getByTestId('time').innerText()).trim();
    assert.match(await left(), /^(9:[0-5]\d|10:00)$/);
    // The clock is set while the page runs.
    await page.evaluate(() => { globalThis.__jump = -7_200_000; });
    await line(page, 'a1', '1').tap();
    await lineIs(page, 'a1', '1', 'cooking');
    assert.match(await left(), /^(9:[0-5]\d|10:00)$/);
  }));
}

test('an order that no screen shows is printed once, and says so when a screen is back', async () => {
  const { createServer } = await import('node:net');
  const papers = [];
  const printer = createServer((socket) => {
    socket.on('data', (bytes) => papers.push(bytes));
    socket.on('error', () => undefined);
  });
  await new Promise((done) => printer.listen(0, '127.0.0.1', done));
  const stations = `[[device]]\nid = "paper"\ndriver = "escpos"\nlink = "tcp://127.0.0.1:${printer.address().port}"\n[device.options]\nproof = "none"\n
[[station]]\nid = "grill"\nname = "Grill"\nprinter = "paper"\nprint_after_s = 5\n`;
  const outlet = await Outlet.open({ stations });
  try {
    const till = await outlet.till();
    const done = await till.order({ order: 'a1', items: [dish('1', { place: undefined })] }, { state: 'succeeded', id: 'only-once' });
    assert.equal(done.confidence, 'sent');
    const page = await outlet.screen(chromium, 'kitchen', 'grill');
    await tile(page, 'a1').getByTestId('printed').waitFor();
    await outlet.kill();
    await outlet.start();
    await isLive(page);
    const jobs = till.heard.filter(({ topic, value }) => topic.startsWith('job/paper-') && value.state === 'succeeded');
    assert.equal(new Set(jobs.map(({ value }) => value.job)).size, 1);
    const text = Buffer.concat(papers).toString('latin1');
    assert.equal(text.split('NOT ON SCREEN').length, 2, 'one paper');
  } finally {
    await outlet.close();
    printer.close();
  }
});
