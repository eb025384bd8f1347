// Every operation, by keys and by touch.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Outlet, browser, choose, dish, gone, line, lineIs, pick, tile, tiles, until } from './outlet.mjs';

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

for (const by of ['keys', 'touch']) {
  const keys = by === 'keys';

  test(`a cook begins and ends a dish, and bumps the rest of the order (${by})`, () => kitchen(async (outlet, till) => {
    const page = await outlet.screen(chromium, 'kitchen', 'grill');
    await till.order({ order: 'a1', items: [dish('1'), dish('2')] });
    await tile(page, 'a1').waitFor();
    const bump = async (item, at) => {
      if (keys) await page.keyboard.press(at);
      else await line(page, 'a1', item).tap();
    };
    if (keys) await choose(page, 'a1');
    await bump('1', '1');
    await lineIs(page, 'a1', '1', 'cooking');
    await bump('1', '1');
    await lineIs(page, 'a1', '1', 'ready');
    const whole = async () => (keys ? page.keyboard.press('Enter') : tile(page, 'a1').getByTestId('tile-bump').tap());
    await whole();
    await lineIs(page, 'a1', '2', 'cooking');
    if (keys) {
      // The order may still be chosen.
      if ((await tile(page, 'a1').getAttribute('data-selected')) !== 'true') await choose(page, 'a1');
    }
    await whole();
    await gone(page, 'a1');
    assert.deepEqual(till.states('a1', '1', 'grill'), ['queued', 'cooking', 'ready']);
    assert.deepEqual(till.states('a1', '2', 'grill'), ['queued', 'cooking', 'ready']);
    assert.deepEqual(page.problems, []);
  }));

  test(`what was bumped by mistake is undone, and stands where it stood (${by})`, () => kitchen(async (outlet, till) => {
    const page = await outlet.screen(chromium, 'kitchen', 'grill');
    await till.order({ order: 'a1', items: [dish('1')] });
    await till.order({ order: 'a2', items: [dish('1')] });
    await tile(page, 'a2').waitFor();
    await till.command({ op: 'move', station: 'grill', ticket: 'a1', from: 'queued', to: 'cooking' });
    await lineIs(page, 'a1', '1', 'cooking');
    const slot = await tile(page, 'a1').getAttribute('data-slot');
    if (keys) {
      await choose(page, 'a1');
      await page.keyboard.press('Enter');
    } else await tile(page, 'a1').getByTestId('tile-bump').tap();
    await gone(page, 'a1');
    if (keys) await page.keyboard.press('Backspace');
    else await page.getByTestId('undo').tap();
    await lineIs(page, 'a1', '1', 'cooking');
    assert.equal(await tile(page, 'a1').getAttribute('data-slot'), slot);
  }));

  test(`an order that has left is called back from the list (${by})`, () => kitchen(async (outlet, till) => {
    const page = await outlet.screen(chromium, 'kitchen', 'grill');
    await till.order({ order: 'a1', number: '77', items: [dish('1')] });
    await tile(page, 'a1').waitFor();
    await till.command({ op: 'move', station: 'grill', ticket: 'a1', from: ['queued', 'cooking'], to: 'ready' });
    await gone(page, 'a1');
    if (keys) await page.keyboard.press('*');
    else await page.getByTestId('open-recall').tap();
    await pick(page, '77', by);
    await lineIs(page, 'a1', '1', 'queued');
  }));

  test(`a change and a void are acknowledged by the same press (${by})`, () => kitchen(async (outlet, till) => {
    const page = await outlet.screen(chromium, 'kitchen', 'grill');
    await till.order({ order: 'a1', items: [dish('1'), dish('2')] });
    await tile(page, 'a1').waitFor();
    await till.order({ order: 'a1', items: [dish('1', { note: 'no salt' })], voids: [{ item: '2', reason: 'guest left' }] }, { state: 'succeeded' });
    await line(page, 'a1', '2').filter({ hasText: 'guest left' }).waitFor();
    await line(page, 'a1', '1').filter({ hasText: 'no salt' }).waitFor();
    const press = async (item) => {
      if (keys) await page.keyboard.press(item);
      else await line(page, 'a1', item).tap();
    };
    if (keys) await choose(page, 'a1');
    await press('2');
    await press('1');
    await until('both acknowledged', () => {
      const ticket = till.ticket('grill', 'a1');
      return ticket && !ticket.lines.some((one) => one.changed) && ticket;
    });
    // What was voided is not in the kitchen's way any more once the rest has left.
    await till.command({ op: 'move', station: 'grill', ticket: 'a1', from: ['queued', 'cooking'], to: 'ready' });
    await gone(page, 'a1');
  }));

  test(`an expediter fires a course, says what is urgent and hands out what is ready (${by})`, () => kitchen(async (outlet, till) => {
    const page = await outlet.screen(chromium, 'expediter', 'pass');
    await till.order({ order: 'a1', items: [dish('1', { course: 1 }), dish('2', { course: 2 })] });
    await tile(page, 'a1').waitFor();
    await lineIs(page, 'a1', '2', 'held');
    const menu = async () => {
      if (keys) {
        await choose(page, 'a1');
        await page.keyboard.press('/');
      } else await tile(page, 'a1').getByTestId('tile-more').tap();
    };
    await menu();
    await pick(page, 'Fire course 2', by);
    await lineIs(page, 'a1', '2', 'queued');
    await menu();
    await pick(page, 'Rush', by);
    await tile(page, 'a1').getByTestId('rush').waitFor();
    await till.command({ op: 'move', station: 'grill', ticket: 'a1', from: ['queued', 'cooking'], to: 'ready' });
    await page.locator('[data-testid=tile][data-ticket=a1][data-state=ready]').waitFor();
    if (keys) {
      if ((await tile(page, 'a1').getAttribute('data-selected')) !== 'true') await choose(page, 'a1');
      await page.keyboard.press('Enter');
    } else await tile(page, 'a1').getByTestId('tile-bump').tap();
    await gone(page, 'a1');
    assert.equal(till.states('a1', '1', 'grill').at(-1), 'served');
  }));

  test(`an expediter holds an order and hands the work of a station over (${by})`, () => kitchen(async (outlet, till) => {
    const page = await outlet.screen(chromium, 'expediter', 'pass');
    const cook = await outlet.screen(chromium, 'kitchen', 'cold');
    await till.order({ order: 'a1', items: [dish('1')] });
    await tile(page, 'a1').waitFor();
    const ticketMenu = async () => {
      if (keys) {
        await choose(page, 'a1');
        await page.keyboard.press('/');
      } else await tile(page, 'a1').getByTestId('tile-more').tap();
    };
    await ticketMenu();
    await pick(page, 'Hold', by);
    await lineIs(page, 'a1', '1', 'held');
    await ticketMenu();
    await pick(page, 'Fire', by);
    await lineIs(page, 'a1', '1', 'queued');
    if (keys) {
      // Back to no order at all: then it is the menu of the stations.
      if (await tile(page, 'a1').getAttribute('data-selected') === 'true') await page.keyboard.press('Escape');
      await page.locator('[data-testid=tile][data-ticket=a1][data-selected=false]').waitFor();
      await page.keyboard.press('/');
    } else await page.locator('[data-testid=station][data-station=grill]').tap();
    await pick(page, 'Hand over the work of Grill', by);
    // The stations to choose from, and not the menu before, which names this one too.
    await pick(page, /^\d\s*Cold$/, by);
    await tile(cook, 'a1').waitFor();
    await till.order({ order: 'a2', items: [dish('1')] });
    await tile(cook, 'a2').waitFor();
    assert.equal(till.ticket('grill', 'a2'), undefined);
  }));

  test(`a waiter serves what is ready and nothing else (${by})`, () => kitchen(async (outlet, till) => {
    const page = await outlet.screen(chromium, 'waiter', 'pass');
    await till.order({ order: 'a1', table: '7', items: [dish('1'), dish('2')] });
    await page.getByTestId('cooking-strip').filter({ hasText: '7' }).waitFor();
    await till.command({ op: 'move', station: 'grill', ticket: 'a1', items: ['1'], from: 'queued', to: 'ready' });
    await lineIs(page, 'a1', '1', 'ready');
    if (keys) {
      await choose(page, 'a1');
      await page.keyboard.press('1');
    } else await line(page, 'a1', '1').tap();
    await until('the dish is served', () => till.states('a1', '1', 'grill').at(-1) === 'served');
    assert.deepEqual(till.states('a1', '2', 'grill'), ['queued']);
  }));

  test(`a station asks for help in a rush, and takes over another's work (${by})`, () => kitchen(async (outlet, till) => {
    const page = await outlet.screen(chromium, 'kitchen', 'cold');
    const menu = async () => (keys ? page.keyboard.press('/') : page.getByTestId('open-menu').tap());
    await till.order({ order: 'first', items: [dish('1', { place: 'cold' })] });
    await tile(page, 'first').waitFor();
    await menu();
    await pick(page, 'peak mode on', by);
    await until('peak mode', () => till.retained.get('kitchen/cold/manifest')?.peak);
    await till.order({ order: 'a1', items: ['1', '2', '3'].map((id) => dish(id, { place: 'cold' })) });
    await until('both stations have some', () => till.ticket('cold', 'a1') && till.ticket('grill', 'a1'));
    await menu();
    await pick(page, 'Take over the work of Grill', by);
    await until('the work is here', () => till.retained.get('kitchen/grill/manifest')?.pulled_by === 'cold' && !till.ticket('grill', 'a1'));
    // The cook sees it, too; until then the menu offers what it offered before.
    await page.locator('[data-testid=pulls][data-station=grill]').waitFor();
    await menu();
    await pick(page, 'end the hand-over', by);
    await until('the grill cooks again', () => !till.retained.get('kitchen/grill/manifest')?.pulled_by);
  }));

  test(`pages, totals, help and the lock for cleaning (${by})`, () => kitchen(async (outlet, till) => {
    const page = await outlet.screen(chromium, 'kitchen', 'grill');
    for (let n = 1; n <= 9; n++) await till.order({ order: `a${n}`, items: [dish('1', { name: 'Soup', quantity: '2' })] });
    await page.getByTestId('count').filter({ hasText: '9' }).waitFor();
    const total = page.locator('[data-testid=total][data-name=SOUP]');
    await until('the totals', async () => (await total.getAttribute('data-quantity')) === '18');
    const first = await tiles(page);
    if (keys) await page.keyboard.press('+');
    else await page.getByTestId('page-next').tap();
    await page.getByTestId('page').filter({ hasText: 'page 2' }).waitFor();
    assert.equal((await tiles(page)).some((order) => first.includes(order)), false);
    if (keys) await page.keyboard.press('-');
    else await page.getByTestId('page-previous').tap();
    await tile(page, first[0]).waitFor();
    if (keys) await page.keyboard.press('=');
    else await page.getByTestId('open-help').tap();
    await page.getByTestId('help').waitFor();
    if (keys) await page.keyboard.press('Escape');
    else await page.getByTestId('close').tap();
    await page.getByTestId('help').waitFor({ state: 'detached' });
    await page.getByTestId('lock').tap();
    await page.getByTestId('locked').waitFor();
    await page.keyboard.press('1');
    await page.keyboard.press('Enter');
    await page.touchscreen.tap(300, 150);
    assert.deepEqual(till.states(first[0], '1', 'grill'), ['queued']);
  }));
}

test('with one key an order is bumped by its digit', () => kitchen(async (outlet, till) => {
  const page = await outlet.screen(chromium, 'kitchen', 'grill', {
    init: () => { if (!localStorage.getItem('screens.settings')) localStorage.setItem('screens.settings', JSON.stringify({ oneKey: true })); },
  });
  await page.getByTestId('open-setup').tap();
  const yes = page.getByTestId('setup').getByRole('button', { name: 'yes' });
  await yes.last().tap();
  await page.getByTestId('setup-save').tap();
  await till.order({ order: 'a1', items: [dish('1')] });
  await tile(page, 'a1').waitFor();
  await page.keyboard.press('1');
  await lineIs(page, 'a1', '1', 'cooking');
}));

test('guests see whose order is ready, and nothing else of it', () => kitchen(async (outlet, till) => {
  const page = await outlet.screen(chromium, 'board', 'hall');
  await till.order({ order: 'a1', number: '41', table: '7', guest: 'Maria', items: [dish('1')] });
  await page.getByTestId('column-preparing').getByText('41').waitFor();
  await till.command({ op: 'move', station: 'grill', ticket: 'a1', from: 'queued', to: 'ready' });
  await page.getByTestId('column-ready').getByText('41').waitFor();
  const text = await page.locator('body').innerText();
  for (const secret of ['Maria', 'Dish', 'DISH']) assert.equal(text.includes(secret), false, secret);
  await till.command({ op: 'move', station: 'pass', ticket: 'a1', from: 'ready', to: 'served' });
  await page.getByTestId('column-ready').getByText('41').waitFor({ state: 'detached' });
}));

test('two screens that bump the same dish at the same moment bump it once', () => kitchen(async (outlet, till) => {
  const pages = await Promise.all([1, 2].map(() => outlet.screen(chromium, 'kitchen', 'grill')));
  for (let n = 1; n <= 6; n++) {
    const order = `a${n}`;
    await till.order({ order, items: [dish('1'), dish('2')] });
    await Promise.all(pages.map((page) => line(page, order, '1').waitFor()));
    await Promise.all(pages.map((page) => line(page, order, '1').tap()));
    await Promise.all(pages.map((page) => until('both screens agree', async () => {
      const shown = line(page, order, '1');
      return (await shown.getAttribute('data-pending')) === 'false' && (await shown.getAttribute('data-state')) === till.ticket('grill', order)?.lines[0].state;
    })));
    // The second press saw either the dish to cook, which was begun already, or the dish begun.
    const states = till.states(order, '1', 'grill');
    assert.equal(new Set(states).size, states.length, `${order}: ${states}`);
    await till.command({ op: 'move', station: 'grill', ticket: order, from: ['queued', 'cooking'], to: 'ready' });
  }
}));

test('an undo does not take back what another cook did after it', () => kitchen(async (outlet, till) => {
  const page = await outlet.screen(chromium, 'kitchen', 'grill');
  await till.order({ order: 'a1', items: [dish('1'), dish('2')] });
  await line(page, 'a1', '1').tap();
  await lineIs(page, 'a1', '1', 'cooking');
  await till.command({ op: 'move', station: 'grill', ticket: 'a1', items: ['1'], from: 'cooking', to: 'ready' });
  await lineIs(page, 'a1', '1', 'ready');
  await page.keyboard.press('Backspace');
  await page.getByTestId('toast').waitFor();
  assert.deepEqual(till.states('a1', '1', 'grill'), ['queued', 'cooking', 'ready']);
}));
