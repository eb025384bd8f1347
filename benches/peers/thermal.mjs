// node-thermal-printer: the receipt of receipt.json, again and again; prints its figures as a line of JSON.
// Arguments: receipt.json, logo.png, rounds, milliseconds a round.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { ThermalPrinter, PrinterTypes, CharacterSet } = require("node-thermal-printer");

const [receiptFile, logoFile, rounds, milliseconds] = process.argv.slice(2);
const { blocks } = JSON.parse(readFileSync(receiptFile, "utf8"));
const logo = readFileSync(logoFile);
const printer = new ThermalPrinter({
  type: PrinterTypes.EPSON,
  interface: "tcp://127.0.0.1:9",
  characterSet: CharacterSet.PC866_CYRILLIC2,
  removeSpecialCharacters: false,
  width: 48,
});

function receipt() {
  for (const block of blocks) put(block);
  return printer.getBuffer();
}

function put({ type, text, left, right, data, align = "left", style = {}, size, height }) {
  switch (type) {
    case "text":
    case "pair":
      if (align === "center") printer.alignCenter();
      else printer.alignLeft();
      printer.bold(style.bold ?? false);
      if (style.width === 2) printer.setTextQuadArea();
      else printer.setTextNormal();
      if (type === "text") printer.println(text);
      else printer.leftRight(left, right);
      break;
    case "rule":
      printer.bold(false);
      printer.setTextNormal();
      printer.drawLine();
      break;
    case "qr":
      printer.alignCenter();
      printer.printQR(data, { cellSize: size, correction: "M", model: 2 });
      break;
    case "barcode":
      printer.code128(data, { height, text: 2 });
      break;
    case "cut":
      printer.partialCut();
      break;
    default:
      throw new Error(`the receipt has a block that is not known here: ${type}`);
  }
}

async function best(call) {
  let most = 0;
  for (let round = 0; round < Number(rounds); round += 1) {
    const start = performance.now();
    let calls = 0;
    while (performance.now() - start < Number(milliseconds)) {
      printer.clear();
      printer.setCharacterSet(CharacterSet.PC866_CYRILLIC2);
      await call();
      calls += 1;
    }
    most = Math.max(most, (calls * 1000) / (performance.now() - start));
  }
  return most;
}

const bytes = receipt().length;
console.log(
  JSON.stringify({
    name: "node-thermal-printer",
    version: require("node-thermal-printer/package.json").version,
    receipts: await best(() => receipt()),
    with_logo: await best(async () => {
      printer.alignCenter();
      await printer.printImageBuffer(logo);
      return receipt();
    }),
    dithered: null,
    bytes,
    differs: "no dithering: a threshold, on the logo decoded anew each time; a double-size pair is not laid out to the paper",
  }),
);
