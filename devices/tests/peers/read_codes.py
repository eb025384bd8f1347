"""Reads the code on each picture, as a scanner does: a line of JSON each, with AIM's mark and the data in base64."""

import base64
import json
import sys

import zxingcpp
from PIL import Image

for path in sys.argv[1:]:
    with Image.open(path) as picture:
        found = zxingcpp.read_barcodes(picture.convert("L"))
    codes = [
        {"mark": code.symbology_identifier, "data": base64.b64encode(code.bytes).decode()} for code in found
    ]
    print(json.dumps({"picture": path, "codes": codes}))
