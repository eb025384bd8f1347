"""The page of what was tried, made of what the commands left in the target folder.

    python3 tests/reliability/page.py target >docs/reliability.md
"""

import json
import platform
import sys
from datetime import datetime, timezone
from pathlib import Path

HERE = Path(__file__).parent


def main(target):
    parts = [head()]
    for name, section in [
        ("faults", faults), ("cuts", cuts), ("cables", cables), ("soak", soak), ("fuzz", fuzz),
    ]:
        file = target / f"{name}.json"
        if file.exists():
            at = datetime.fromtimestamp(file.stat().st_mtime, timezone.utc)
            parts.append(section(json.loads(file.read_text()), f"{at:%Y-%m-%d %H:%M} UTC"))
    parts.append((HERE / "found.md").read_text())
    print("\n".join(parts), end="")


def head():
    cores = sum(line.startswith("processor") for line in Path("/proc/cpuinfo").read_text().splitlines())
    return f"""# Reliability

What was done to the agent, and what came of it. Made by `tests/reliability/run` from what its parts leave in `target/`; each part has the date of its own run. {cores} cores, {platform.system()} {platform.release()}.

The rule that every run is measured by: each job that was accepted has exactly one end, or waits for a person with what is known about it; what lies on paper and stands in the fiscal storage of the simulators agrees with the journal; nothing is there twice without its mark.
"""


def faults(told, at):
    counts = dict(told["counts"])
    findings = "none" if not told["failed"] else ", ".join(map(str, told["failed"]))
    rows = sorted(told["faults"].items())
    return f"""## Faults by seed

`tests/reliability/run faults`, {at}. {told["runs"]:,} seeds, {told["seconds"] / told["runs"]:.1f} s each, six at once. The real agent, its broker, and simulators of receipt and label printers, of all families of registers, of a scale and of a kitchen's station; a schedule of faults that is made of the seed; a disk under the journal that loses and tears what was not synced. Seeds with findings: **{findings}**. `OUTLETD_FAULT_SEED=N cargo test --all-features --test faults` replays one.

{table(["fault", "times", "in seeds"], [[what, n(each["times"]), n(each["runs"])] for what, each in rows])}
{table(["counted", ""], [[what, n(count)] for what, count in sorted(counts.items())])}"""


def cuts(told, at):
    moments = ", ".join(f"{what} ({times})" for what, times in sorted(told["moments"].items()))
    return f"""## Power cuts

`tests/reliability/run cuts`, {at}, seed {told["seed"]}. A Debian with a kernel of its own in QEMU, the agent installed from its package under systemd, a disk that loses or tears what was not flushed, a network printer, a printer at USB, a register, a scale and a scanner. The machine is killed, not the process.

{table(["counted", ""], [
    ["power cuts", n(told["cuts"])],
    ["of them, in which the printers lost power too", n(told["devices_too"])],
    ["moments", moments],
    ["jobs", n(told["jobs"])],
    ["cut off and gone on with after the start", n(told["cut_off"])],
    ["repeated by the till for want of an answer", n(told["unanswered"])],
    ["uncertain, with evidence", n(told["uncertain"])],
    ["writes of the disk after the last flush: lost, torn, kept",
     f'{n(told["writes_lost"])}, {n(told["writes_torn"])}, {n(told["writes_kept"])}'],
    ["jobs lost", "0"],
    ["jobs done twice without a mark", "0"],
])}"""


def cables(told, at):
    return f"""## Cables

In the same machine, {at}: each device is pulled out and plugged in again while jobs wait. How long after that `outletd devices` was right, by the machine's clock; its jobs went on, and others were not held up.

{table(["device", "out, ms", "back, ms"], [[device, n(out), n(back)] for device, (out, back) in told.items()])}"""


def soak(told, at):
    mib = 1 << 20
    wrong = "nothing" if not told["wrong"] else "; ".join(told["wrong"])
    rows = [
        [
            str(number), f'{each["seconds"]:.1f}', *milliseconds(each["jobs_ms"]), *milliseconds(each["readings_ms"]),
            f'{each["memory_kib"] / 1024:.1f}', str(each["descriptors"]), f'{each["journal_bytes"] / mib:.1f}',
        ]
        for number, each in enumerate(told["evenings"], 1)
    ]
    return f"""## An hour of a busy evening

`tests/reliability/run soak`, {at}. {told["seconds_played"]:,} seconds of an evening in {told["seconds"]:.0f}: {told["seconds_played"] / told["seconds"]:.0f} times as fast, as fast as each device takes the next. A job a second on two receipt printers, a register, a label printer and a kitchen's station with its screen and its cook; a swipe and a weight a second: {told["jobs"]:,} jobs and {told["readings"]:,} readings. The hour is cut into {len(told["evenings"])} evenings, a day apart, so that from the ninth on a week-old evening's records go while a new one's come. Fiscal jobs stay for ever: the journal grows by them. Wrong at the end: **{wrong}**.

{table(["evening", "took, s", "job p50, ms", "p95", "most", "reading p50, ms", "p95", "most", "memory, MiB",
        "descriptors", "journal, MiB"], rows)}"""


def fuzz(told, at):
    targets = told["targets"]
    seconds = sum(each["seconds"] for each in targets)
    rows = [[each["target"], n(each["seconds"]), n(each["executions"]), n(each["findings"])] for each in targets]
    return f"""## Fuzzing

`tests/reliability/run fuzz`, {at}. {len(targets)} targets, {seconds / 60:.0f} minutes in all, with coverage.

{table(["target", "seconds", "executions", "findings"], rows)}"""


def milliseconds(spread):
    return [f"{each:.1f}" for each in spread]


def n(number):
    return f"{number:,}"


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


main(Path(sys.argv[1]))
