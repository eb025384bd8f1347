// Pictures of every view, to be looked at: node screens.mjs FOLDER

import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Outlet, browser, choose, dish, line, tile } from './outlet.mjs';

const folder = process.argv[2];
mkdirSync(folder, { recursive: true });
const chromium = await browser();
const outlet = await Outlet.open();
const till = await outlet.till();
const base = JSON.parse(readFileSync(join(process.env.EXAMPLES, 'kitchen-order.json'), 'utf8')).document;
for (let n = 1; n <= 12; n++) {
  const order = structuredClone(base);
  Object.assign(order, { order: `o${n}`, number: String(300 + n), table: String(n + 3), rush: n === 5 });
  if (n % 3 === 0) order.items = order.items.slice(0, 2);
  if (n % 4 === 0) Object.assign(order, { items: order.items.slice(2, 4), type: 'takeaway', guest: 'Мария' });
  if (order.items.length === 0) order.items = [dish('9', { name: 'Чай' })];
  order.items[0].cooking_s = [30, 90, 400, 700][n % 4];
  if (n === 2) order.due = '2020-01-01T00:00:00.000Z';
  if (n % 3 === 1) delete order.note;
  await till.order(order);
}
const move = (ticket, from, to, station = 'grill') => till.command({ op: 'move', station, ticket, from, to });
await move('o7', 'queued', 'cooking');
for (const ticket of ['o8', 'o10', 'o11']) for (const station of ['grill', 'cold']) await move(ticket, ['queued', 'cooking'], 'ready', station);

const sizes = [{ width: 1920, height: 1080 }, { width: 1280, height: 800 }];
async function shoot(page, name) {
  for (const size of sizes) {
    await page.setViewportSize(size);
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    await page.screenshot({ path: join(folder, `${name}-${size.width}.png`) });
  }
}

const pairing = await (await chromium.newContext({ viewport: sizes[0] })).newPage();
await pairing.goto(outlet.origin);
await pairing.getByTestId('setup').waitFor();
await shoot(pairing, 'set-up');
await pairing.goto(`${outlet.origin}/?diagonal=21.5&language=ro`);
await pairing.getByTestId('code').waitFor();
await shoot(pairing, 'pairing-ro');

for (const language of ['ru', 'ro', 'en']) {
  const cook = await outlet.screen(chromium, 'kitchen', 'grill', { language });
  await tile(cook, 'o1').waitFor();
  await till.order({ order: 'o1', items: [dish('added', { name: 'Фокачча' })], voids: [{ item: '2', reason: 'гость передумал' }] });
  await shoot(cook, `kitchen-${language}`);
  await cook.setViewportSize(sizes[0]);
  await choose(cook, 'o1');
  await shoot(cook, `kitchen-chosen-${language}`);
  await cook.keyboard.press('/');
  await shoot(cook, `menu-${language}`);
  await cook.keyboard.press('Escape');
  await cook.keyboard.press('*');
  await shoot(cook, `recall-${language}`);
  await cook.keyboard.press('Escape');
  await cook.keyboard.press('=');
  await shoot(cook, `keys-${language}`);
  await cook.context().close();
}
const pass = await outlet.screen(chromium, 'expediter', 'pass', { language: 'ru' });
await tile(pass, 'o1').waitFor();
await shoot(pass, 'expediter-ru');
const waiter = await outlet.screen(chromium, 'waiter', 'pass', { language: 'ro' });
await tile(waiter, 'o8').waitFor();
await shoot(waiter, 'waiter-ro');
const guests = await outlet.screen(chromium, 'board', 'hall', { language: 'ru' });
await tile(guests, 'o1').waitFor();
await shoot(guests, 'guests-ru');

const cable = await outlet.cable();
const stale = await outlet.screen(chromium, 'kitchen', 'grill', { language: 'ru', origin: cable.origin });
await line(stale, 'o1', '1').waitFor();
cable.pull();
await stale.getByTestId('stale-banner').waitFor();
await shoot(stale, 'stale-ru');

const status = await (await chromium.newContext({ viewport: sizes[0] })).newPage();
await status.goto(`${outlet.origin}/status`);
await shoot(status, 'status');
await outlet.close();
await chromium.close();
console.log(folder);
