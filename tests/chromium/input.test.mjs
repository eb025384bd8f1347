// What nobody should type, and who may not.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import mqtt from 'mqtt';
import { Outlet, browser, dish, line, lineIs, tile, until } from './outlet.mjs';

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

test('markup in a name is text, and is never run', () => kitchen(async (outlet, till) => {
  const page = await outlet.screen(chromium, 'kitchen', 'grill');
  const evil = '<img src=x onerror="window.__x=1"><script>window.__x=2</script><b>Soup</b>';
  await till.order({ order: 'a1', number: '<i>7</i>', table: '<b>1</b>', note: evil, items: [dish('1', { name: evil, note: evil, allergens: ['<u>x</u>'], modifiers: [{ name: evil }] })] });
  await line(page, 'a1', '1').waitFor();
  const text = await tile(page, 'a1').innerText();
  assert.ok(text.includes('<IMG SRC=X'), text);
  assert.equal(await tile(page, 'a1').locator('img, script, u').count(), 0);
  assert.equal(await page.evaluate(() => globalThis.__x), undefined);
}));

test('a dish of 200 modifiers and a name of 500 letters leave the screen usable', () => kitchen(async (outlet, till) => {
  const page = await outlet.screen(chromium, 'kitchen', 'grill');
  const modifiers = Array.from({ length: 200 }, (_, n) => ({ name: `Modifier ${n}` }));
  await till.order({ order: 'a1', items: [dish('1', { name: 'W'.repeat(500) }), dish('2', { modifiers })] });
  await till.order({ order: 'a2', items: [dish('1')] });
  await tile(page, 'a2').waitFor();
  const box = await tile(page, 'a1').boundingBox();
  const slot = await page.locator('[data-testid=slot][data-slot="0"]').boundingBox();
  assert.ok(box.width <= slot.width + 1 && box.height <= slot.height + 1, 'the tile stays in its slot');
  // All of it can be read.
  await tile(page, 'a1').getByTestId('tile-more').tap();
  const sheet = page.getByTestId('sheet');
  await sheet.getByText('MODIFIER 199').waitFor({ state: 'attached' });
  assert.ok((await sheet.innerText()).replace(/\s/g, '').includes('W'.repeat(500)));
  await sheet.getByTestId('close').tap();
  await tile(page, 'a2').getByTestId('tile-bump').tap();
  await lineIs(page, 'a2', '1', 'cooking');
  const refused = await till.order({ order: 'a3', items: [dish('1', { name: 'W'.repeat(501) })] }, { state: 'rejected' });
  assert.match(refused.error.message, /items\[0\]\.name/);
}));

test('right-to-left text and emoji stay as they are, and turn nothing around them', () => kitchen(async (outlet, till) => {
  const page = await outlet.screen(chromium, 'kitchen', 'grill');
  await till.order({ order: 'a1', number: '12', items: [dish('1', { name: 'شاورما دجاج', quantity: '2' }), dish('2', { name: '🍕🔥 Пицца 👨‍👩‍👧' })] });
  await line(page, 'a1', '2').filter({ hasText: '👨‍👩‍👧' }).waitFor();
  const order = await line(page, 'a1', '1').evaluate((one) => {
    const left = (node) => node.getBoundingClientRect().left;
    const quantity = one.querySelector('.quantity');
    const name = [...one.querySelectorAll('bdi, [dir=auto]')].find((node) => node.textContent.includes('شاورما'));
    return left(quantity) <= left(name);
  });
  assert.ok(order, 'the quantity stands before the name');
}));

for (const [view, station] of [['board', 'hall'], ['waiter', 'pass']]) {
  test(`a ${view} screen bumps nothing in the kitchen, and another name is not its own`, () => kitchen(async (outlet, till) => {
    const page = await outlet.screen(chromium, view, station);
    await till.order({ order: 'a1', items: [dish('1')] });
    const { screen, secret } = await page.evaluate(() => JSON.parse(localStorage.getItem('screens.identity')));
    const own = mqtt.connect(`ws://127.0.0.1:${outlet.webPort}/mqtt`, {
      protocolVersion: 5, clientId: `screen-${screen}`, username: screen, password: secret, reconnectPeriod: 0,
    });
    own.on('error', () => undefined);
    await new Promise((done) => own.on('connect', done));
    const command = (cmd) => JSON.stringify({ cmd, op: 'move', station: 'grill', ticket: 'a1', from: 'queued', to: 'ready' });
    const answered = till.next('the refusal', ({ topic, value }) => topic === `kitchen/answer/${screen}` && value?.cmd === 'bump');
    await own.publishAsync(`outlet/v1/test/kitchen/command/${screen}`, command('bump'), { qos: 1 });
    assert.equal((await answered).result, 'forbidden');
    const closed = new Promise((done) => own.on('close', done));
    own.publish('outlet/v1/test/kitchen/command/grill', command('forged'), { qos: 1 }, () => undefined);
    await closed;
    assert.deepEqual(till.states('a1', '1', 'grill'), ['queued']);
  }));
}

test('buttons are 20 mm, and letters can be read from two metres, on the panel that was measured', () => kitchen(async (outlet, till) => {
  for (const [size, inches] of [[{ width: 1920, height: 1080 }, 21.5], [{ width: 1280, height: 800 }, 21.5], [{ width: 1920, height: 1080 }, 32]]) {
    const page = await outlet.screen(chromium, 'kitchen', 'grill', { size });
    await page.goto(`${outlet.origin}/?diagonal=${inches}&distance=2&language=en`);
    const order = `a${Math.round(inches)}x${size.width}`;
    await till.order({ order, items: [dish('1')] });
    await tile(page, order).waitFor();
    const mm = (inches * 25.4) / Math.hypot(size.width, size.height);
    const small = await page.locator('button:visible').evaluateAll((all, mm) => all
      .map((one) => ({ what: one.dataset.testid ?? one.className, box: one.getBoundingClientRect() }))
      .filter(({ box }) => box.height * mm < 19.9 || box.width * mm < 19.9)
      .map(({ what, box }) => `${what} ${(box.width * mm).toFixed(1)} x ${(box.height * mm).toFixed(1)} mm`), mm);
    assert.deepEqual(small, [], `${inches}" ${size.width}`);
    const font = await line(page, order, '1').locator('.name').evaluate((one) => parseFloat(getComputedStyle(one).fontSize));
    // Capitals are about 0.72 of the font's size.
    assert.ok(font * mm * 0.72 >= 9.2, `capitals of ${(font * mm * 0.72).toFixed(1)} mm`);
    await page.context().close();
  }
}));
