// What users of kitchen screens complain of, and what must not happen here.

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { Outlet, browser, dish, gone, line, lineIs, tile, tiles } from './outlet.mjs';

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

test('orders appear without a refresh', () => kitchen(async (outlet, till) => {
  const page = await outlet.screen(chromium, 'kitchen', 'grill');
  await page.evaluate(() => { globalThis.__loaded = 'once'; });
  await till.order({ order: 'a1', items: [dish('1')] });
  await tile(page, 'a1').waitFor();
  assert.equal(await page.evaluate(() => globalThis.__loaded), 'once');
}));

test('an order sent twice, and an add-on, cook nothing again', () => kitchen(async (outlet, till) => {
  const page = await outlet.screen(chromium, 'kitchen', 'grill');
  await till.order({ order: 'a1', items: [dish('1')] });
  await line(page, 'a1', '1').tap();
  await lineIs(page, 'a1', '1', 'cooking');
  await till.order({ order: 'a1', items: [dish('1')] }, { state: 'succeeded' });
  await till.order({ order: 'a1', items: [dish('1'), dish('2')] });
  await lineIs(page, 'a1', '2', 'queued');
  await tile(page, 'a1').getByTestId('add-on').waitFor();
  await lineIs(page, 'a1', '1', 'cooking');
  assert.deepEqual(await tiles(page), ['a1']);
}));

test('a bill that is split or merged sends no cooked food again', () => kitchen(async (outlet, till) => {
  const page = await outlet.screen(chromium, 'kitchen', 'grill');
  await till.order({ order: 'a1', items: [dish('1'), dish('2')] });
  await line(page, 'a1', '1').tap();
  await lineIs(page, 'a1', '1', 'cooking');
  await till.order({ order: 'b1', take: [{ order: 'a1', item: '1' }] });
  await lineIs(page, 'b1', '1', 'cooking');
  await line(page, 'a1', '1').waitFor({ state: 'detached' });
  await till.order({ order: 'a1', take: [{ order: 'b1', item: '1' }] });
  await lineIs(page, 'a1', '1', 'cooking');
  await gone(page, 'b1');
  assert.equal(till.states('a1', '1', 'grill').filter((state) => state === 'queued').length, 1);
}));

test('a cancelled order is struck through, and gone with one press', () => kitchen(async (outlet, till) => {
  const page = await outlet.screen(chromium, 'kitchen', 'grill');
  await till.order({ order: 'a1', items: [dish('1'), dish('2')] }, { id: 'first' });
  await tile(page, 'a1').waitFor();
  await till.job('first', 'succeeded');
  await till.order({ order: 'a1', cancel: { reason: 'guest left' } }, { state: 'succeeded' });
  await line(page, 'a1', '1').filter({ hasText: 'guest left' }).waitFor();
  await tile(page, 'a1').getByTestId('tile-bump').tap();
  await gone(page, 'a1');
}));

test('an order that is served and cancelled at the same moment is one of both, for everybody', () => kitchen(async (outlet, till) => {
  const page = await outlet.screen(chromium, 'expediter', 'pass');
  await till.order({ order: 'a1', items: [dish('1')] });
  await till.command({ op: 'move', station: 'grill', ticket: 'a1', from: 'queued', to: 'ready' });
  await page.locator('[data-testid=tile][data-ticket=a1][data-state=ready]').waitFor();
  const [, void_] = await Promise.all([
    tile(page, 'a1').getByTestId('tile-bump').tap(),
    till.order({ order: 'a1', voids: [{ item: '1' }] }, { state: 'succeeded', id: 'void' }),
  ]);
  const ends = till.states('a1', '1', 'grill').filter((state) => ['served', 'voided'].includes(state));
  assert.equal(ends.length, 1, ends.join());
  assert.deepEqual(void_.result.too_late, ends[0] === 'served' ? ['1'] : []);
  // A void that came before the press is what the press has acknowledged.
  if (ends[0] === 'served') await gone(page, 'a1');
  else await tile(page, 'a1').filter({ hasText: 'VOID' }).or(page.locator('.none')).waitFor();
}));

test('a dish that no station cooks refuses the order aloud', () => kitchen(async (outlet, till) => {
  const refused = await till.order({ order: 'a1', items: [dish('1'), dish('2', { place: 'sushi' })] }, { state: 'rejected' });
  assert.equal(refused.error.code, 'no-route');
  assert.match(refused.error.message, /items\[1\].*Dish 2.*sushi/);
  assert.equal(till.ticket('grill', 'a1'), undefined);
}));

test('a dead printer holds up no screen', async () => {
  // It takes what it is sent, and never answers.
  const printer = createServer((socket) => socket.on('error', () => undefined));
  await new Promise((done) => printer.listen(0, '127.0.0.1', done));
  const stations = `[[device]]\nid = "dead"\ndriver = "escpos"\nmodel = "epson-tm-t20iii"\nlink = "tcp://127.0.0.1:${printer.address().port}"
[[station]]\nid = "grill"\nprinter = "dead"\nprint_after_s = 5\n`;
  await kitchen(async (outlet, till) => {
    // One waits for the printer.
    await till.order({ order: 'stuck', items: [dish('1', { place: undefined })] }, { state: 'running' });
    const page = await outlet.screen(chromium, 'kitchen', 'grill');
    await till.order({ order: 'a1', items: [dish('1', { place: undefined })] }, { id: 'shown' });
    await tile(page, 'a1').waitFor();
    const done = await till.job('shown', 'succeeded');
    assert.equal(done.confidence, 'shown');
    await tile(page, 'stuck').waitFor();
  }, { stations });
  printer.close();
});

test('a change of a dish says what it was, modifiers too', () => kitchen(async (outlet, till) => {
  const page = await outlet.screen(chromium, 'kitchen', 'grill');
  await till.order({ order: 'a1', items: [dish('1', { quantity: '2', modifiers: [{ name: 'Onion' }] })] });
  await line(page, 'a1', '1').waitFor();
  await till.order({ order: 'a1', items: [dish('1', { quantity: '3', modifiers: [{ name: 'Onion', quantity: '0' }, { name: 'Chili' }] })] });
  const changed = line(page, 'a1', '1').filter({ hasText: 'CHANGED' });
  await changed.filter({ hasText: '0 × ONION' }).filter({ hasText: 'CHILI' }).waitFor();
  await changed.filter({ hasText: 'was: 2 × ONION' }).waitFor();
  assert.deepEqual(page.problems, []);
}));

test('tiles do not move under a finger, and nothing flashes for ever', () => kitchen(async (outlet, till) => {
  const page = await outlet.screen(chromium, 'kitchen', 'grill');
  for (let n = 1; n <= 4; n++) await till.order({ order: `a${n}`, items: [dish('1', { cooking_s: 0 })] });
  await tile(page, 'a4').waitFor();
  const places = async () => Object.fromEntries(await page.getByTestId('tile').evaluateAll((all) => all.map((one) => {
    const { left, top } = one.getBoundingClientRect();
    return [one.dataset.ticket, [left, top]];
  })));
  const before_ = await places();
  await till.command({ op: 'move', station: 'grill', ticket: 'a1', from: 'queued', to: 'ready' });
  await gone(page, 'a1');
  await till.order({ order: 'rush', rush: true, items: [dish('1'), dish('2', { name: 'A very long name of a dish that takes several lines of its tile' })] });
  await tile(page, 'rush').waitFor();
  await till.command({ op: 'move', station: 'grill', ticket: 'a3', from: 'queued', to: 'cooking' });
  await lineIs(page, 'a3', '1', 'cooking');
  const now = await places();
  for (const order of ['a2', 'a3', 'a4']) assert.deepEqual(now[order], before_[order], order);
  const endless = await page.evaluate(() => document.getAnimations().filter((one) => one.effect?.getComputedTiming().iterations === Infinity).length);
  assert.equal(endless, 0);
}));

test('two hundred orders are all there, and each can be reached', () => kitchen(async (outlet, till) => {
  const page = await outlet.screen(chromium, 'kitchen', 'grill');
  await Promise.all(Array.from({ length: 200 }, (_, n) => till.order({ order: `a${n}`, number: String(n), items: [dish('1')] })));
  await page.getByTestId('count').filter({ hasText: '200' }).waitFor();
  const seen = new Set(await tiles(page));
  const pages = Number((await page.getByTestId('page').innerText()).match(/(\d+)\D*$/)[1]);
  for (let n = 1; n < pages; n++) {
    await page.keyboard.press('+');
    await page.getByTestId('page').filter({ hasText: new RegExp(`^\\D*${n + 1}\\D`) }).waitFor();
    for (const order of await tiles(page)) seen.add(order);
  }
  assert.equal(seen.size, 200);
}));
