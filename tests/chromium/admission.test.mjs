// How a new panel becomes a screen, and how it stops being one.

import assert from 'node:assert/strict';
import { X509Certificate, createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import tls from 'node:tls';
import { chromium as playwright } from 'playwright-core';
import { Outlet, browser, dish, tile } from './outlet.mjs';

let chromium;
before(async () => { chromium = await browser(); });
after(() => chromium.close());

test('a new panel is asked for its size, shows a code, is admitted, changed and revoked', async () => {
  const outlet = await Outlet.open();
  try {
    const till = await outlet.till();
    await till.order({ order: 'a1', items: [dish('1')] });
    const page = await (await chromium.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
    await page.goto(outlet.origin);
    await page.getByTestId('setup').waitFor();
    await page.getByTestId('diagonal-input').fill('15.6');
    await page.getByTestId('setup-save').click();
    const code = (await page.getByTestId('code').innerText()).trim();
    assert.match(code, /^[A-Z0-9]{3}-[A-Z0-9]{3}$/);
    assert.match(await outlet.cli('screens'), new RegExp(code));
    await outlet.cli('screens', 'admit', code.toLowerCase(), '--view', 'kitchen', '--station', 'grill', '--name', 'Grill left');
    await tile(page, 'a1').waitFor();
    await outlet.cli('screens', 'assign', 'grill-left', '--station', 'cold');
    await tile(page, 'a1').waitFor({ state: 'detached' });
    await outlet.cli('screens', 'revoke', 'grill-left');
    await page.getByTestId('code').waitFor();
    assert.notEqual((await page.getByTestId('code').innerText()).trim(), code);
  } finally {
    await outlet.close();
  }
});

test('beyond loopback a panel comes by TLS, and shows the fingerprint of the outlet\'s authority', async () => {
  const secure = await Outlet.open({ address: '0.0.0.0' });
  try {
    const path = join(secure.folder, 'data', 'authority', 'ca.crt');
    const authority = new X509Certificate(readFileSync(path));
    const socket = tls.connect({ host: '127.0.0.1', port: secure.webPort, ca: readFileSync(path) });
    await new Promise((done, failed) => { socket.on('secureConnect', done); socket.on('error', failed); });
    const server = socket.getPeerX509Certificate();
    const pin = createHash('sha256').update(server.publicKey.export({ type: 'spki', format: 'der' })).digest('base64');
    socket.destroy();
    // Chromium takes this one key and no other: what a trusted ca.crt does on a panel.
    const own = await playwright.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', `--ignore-certificate-errors-spki-list=${pin}`] });
    try {
      const page = await (await own.newContext()).newPage();
      await page.goto(`https://127.0.0.1:${secure.webPort}/?diagonal=21.5&language=en`);
      const shown = (await page.getByTestId('fingerprint').innerText()).replace(/\s/g, '');
      assert.equal(shown, authority.fingerprint256);
      const code = (await page.getByTestId('code').innerText()).trim();
      await secure.cli('screens', 'admit', code, '--view', 'kitchen', '--station', 'grill');
      await page.locator('[data-testid=link][data-state=live]').waitFor();
    } finally {
      await own.close();
    }
  } finally {
    await secure.close();
  }
});
