"""python-escpos: the receipt of receipt.json, again and again; prints its figures as a line of JSON.

Arguments: receipt.json, logo.png, rounds, milliseconds a round.
"""

import contextlib
import importlib.metadata
import json
import os
import sys
import time

from escpos.printer import Dummy
from PIL import Image

WIDTH = 48


def main():
    receipt_file, logo_file, rounds, milliseconds = sys.argv[1:]
    with open(receipt_file, encoding="utf-8") as file:
        blocks = json.load(file)["blocks"]
    logo = Image.open(logo_file)
    logo.load()
    printer = Dummy(profile="TM-T88V")

    def receipt(logo=None):
        printer.clear()
        printer.hw("INIT")
        printer.charcode("CP866")
        if logo is not None:
            printer.set(align="center")
            printer.image(logo)
        for block in blocks:
            put(printer, block)
        return printer.output

    picture = grey(576, 800)

    def best(call):
        return max(rate(call, int(milliseconds) / 1000) for _ in range(int(rounds)))

    # The library says at each barcode how it is drawn.
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        figures = {
            "name": "python-escpos",
            "version": importlib.metadata.version("python-escpos"),
            "receipts": best(receipt),
            "with_logo": best(lambda: receipt(logo)),
            "dithered": best(lambda: picture.convert("1")),
            "bytes": len(receipt()),
            "differs": "lines padded by the script; Pillow dithers, the logo anew each time",
        }
    print(json.dumps(figures))


def put(printer, block):
    style = block.get("style", {})
    kind = block["type"]
    if kind in ("text", "pair"):
        columns = WIDTH // style.get("width", 1)
        printer.set(
            align=block.get("align", "left"),
            bold=style.get("bold", False),
            double_width=style.get("width", 1) == 2,
            double_height=style.get("height", 1) == 2,
            normal_textsize=style.get("width", 1) == 1,
        )
        if kind == "text":
            printer.textln(block["text"])
        else:
            right = block["right"]
            printer.textln(block["left"].ljust(columns - len(right)) + right)
    elif kind == "rule":
        printer.set(align="left", bold=False, normal_textsize=True)
        printer.textln("-" * WIDTH)
    elif kind == "qr":
        printer.qr(block["data"], size=block["size"], native=True, center=False)
    elif kind == "barcode":
        printer.barcode("{B" + block["data"], "CODE128", height=block["height"], function_type="B",
                        align_ct=True, force_software=False)
    elif kind == "cut":
        printer.cut(mode="PART")
    else:
        raise ValueError(f"the receipt has a block that is not known here: {kind}")


def grey(width, height):
    pixels = bytes(((x * 7 + y * 3) ^ ((x * y) >> 6)) & 255 for y in range(height) for x in range(width))
    return Image.frombytes("L", (width, height), pixels)


def rate(call, seconds):
    calls, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        call()
        calls += 1
    return calls / (time.perf_counter() - start)


main()
