#!/usr/bin/env python3
"""Sells the same receipt again and again with nothing around it: the bare exchange of frames with a simulated
register. Takes the bytes that the agent has sent for one receipt, takes its frames apart, and sends the same
commands under fresh numbers.

usage: registers.py FAMILY PORT ROUNDS HEX    FAMILY: shtrih-1 shtrih-2 datecs-x atol-3
Prints the seconds of each round as JSON."""

import json
import socket
import sys
import time


class Line:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(10)
        self.buffer = b""

    def send(self, data):
        self.socket.sendall(data)

    def read(self, count):
        while len(self.buffer) < count:
            more = self.socket.recv(4096)
            if not more:
                raise SystemExit("the register closed the connection")
            self.buffer += more
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data


class Shtrih1:
    """02, length, data, exclusive or; ENQ 05, ACK 06, NAK 15."""

    def commands(self, sent):
        found, at = [], 0
        while at < len(sent):
            if sent[at] == 2:
                length = sent[at + 1]
                found.append(sent[at + 2 : at + 2 + length])
                at += length + 3
            else:
                at += 1
        return found

    def begin(self, line):
        pass

    def exchange(self, line, data):
        line.send(b"\x05")
        assert line.read(1) == b"\x15", "the register is not idle"
        body = bytes([len(data)]) + data
        check = 0
        for byte in body:
            check ^= byte
        line.send(b"\x02" + body + bytes([check]))
        assert line.read(1) == b"\x06", "the register did not take the frame"
        head = line.read(2)
        answer = line.read(head[1] + 1)[:-1]
        line.send(b"\x06")
        at = 2 if answer[0] == 0xFF else 1
        assert len(answer) == 1 or answer[at] in (0, 30, 1), answer.hex()


def crc16(data):
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


class Shtrih2:
    """8F, length, number, data, CRC; 8F and 9F stuffed."""

    def commands(self, sent):
        found = []
        for part in sent.split(b"\x8f")[1:]:
            plain = part.replace(b"\x9f\x81", b"\x8f").replace(b"\x9f\x83", b"\x9f")
            length = int.from_bytes(plain[:2], "little")
            if length > 2:
                found.append(plain[4 : 2 + length])
        return found

    def begin(self, line):
        line.send(bytes([0x8F, 0, 0, 0x0F, 0x1D]))
        self.number = int.from_bytes(self.answer(line)[2:4], "little")

    def answer(self, line):
        while line.read(1) != b"\x8f":
            pass
        plain = b""
        while True:
            byte = line.read(1)
            if byte == b"\x9f":
                byte = {b"\x81": b"\x8f", b"\x83": b"\x9f"}[line.read(1)]
            plain += byte
            if len(plain) >= 2 and len(plain) == int.from_bytes(plain[:2], "little") + 4:
                return plain

    def exchange(self, line, data):
        self.number = (self.number + 1) & 0xFFFF
        plain = (len(data) + 2).to_bytes(2, "little") + self.number.to_bytes(2, "little") + data
        plain += crc16(plain).to_bytes(2, "little")
        line.send(b"\x8f" + plain.replace(b"\x9f", b"\x9f\x83").replace(b"\x8f", b"\x9f\x81"))
        answer = self.answer(line)
        assert int.from_bytes(answer[2:4], "little") == self.number, "another answer"


class Datecs:
    """01, length, number, command, data, 05, sum, 03; SYN 16 while busy."""

    def commands(self, sent):
        found = []
        for part in sent.split(b"\x01")[1:]:
            body = part[: part.index(b"\x05")]
            found.append((body[5:9], body[9:]))
        return found

    def begin(self, line):
        self.number = 0x20
        for _ in range(2):
            self.exchange(line, (b"004:", b""))

    def exchange(self, line, command):
        self.number = 0x20 if self.number >= 0xFE else self.number + 1
        code, data = command
        nibbles = lambda number: bytes(0x30 + (number >> shift & 15) for shift in (12, 8, 4, 0))
        body = nibbles(10 + len(data) + 0x20) + bytes([self.number]) + code + data + b"\x05"
        line.send(b"\x01" + body + nibbles(sum(body)) + b"\x03")
        while line.read(1) == b"\x16":
            pass
        while line.read(1) != b"\x03":
            pass


def crc8(data):
    crc = 0xFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x31 if crc & 0x80 else crc << 1) & 0xFF
    return crc


class Atol3:
    """FE, length in two times seven bits, id, data, CRC; FE and FD stuffed behind the id."""

    def frames(self, data):
        for part in data.split(b"\xfe")[1:]:
            plain = part[3:].replace(b"\xfd\xee", b"\xfe").replace(b"\xfd\xed", b"\xfd")
            yield part[2], plain[: part[0] + (part[1] << 7)]

    def commands(self, sent):
        return [data for _, data in self.frames(sent)]

    def begin(self, line):
        self.id, self.task = 0, 100

    def read(self, line):
        assert line.read(1) == b"\xfe"
        low, high, number = line.read(3)
        data = b""
        while len(data) < low + (high << 7) + 1:
            byte = line.read(1)
            if byte == b"\xfd":
                byte = {b"\xee": b"\xfe", b"\xed": b"\xfd"}[line.read(1)]
            data += byte
        return number, data[:-1]

    def exchange(self, line, data):
        self.id = (self.id + 1) % 0xE0
        if data[0] == 0xC1:
            self.task = (self.task + 1) % 0x100
            data = data[:2] + bytes([self.task]) + data[3:]
        elif data[0] in (0xC2, 0xC3):
            data = data[:1] + bytes([self.task]) + data[2:]
        check = crc8(bytes([self.id]) + data)
        stuffed = (data + bytes([check])).replace(b"\xfd", b"\xfd\xed").replace(b"\xfe", b"\xfd\xee")
        line.send(bytes([0xFE, len(data) & 0x7F, len(data) >> 7, self.id]) + stuffed)
        # An added task is waited for only where it asks for its result by itself (flag 4).
        answered, done = False, data[0] != 0xC1 or not data[1] & 4
        while not (answered and done):
            number, answer = self.read(line)
            if number == self.id:
                answered = True
            elif number == 0xF0 and answer[1] == self.task:
                done = True


FAMILIES = {"shtrih-1": Shtrih1, "shtrih-2": Shtrih2, "datecs-x": Datecs, "atol-3": Atol3}


def main():
    family, port, rounds, sent = sys.argv[1:]
    family = FAMILIES[family]()
    commands = family.commands(bytes.fromhex(sent))
    line = Line(int(port))
    family.begin(line)
    seconds = []
    for _ in range(int(rounds)):
        start = time.perf_counter()
        for command in commands:
            family.exchange(line, command)
        seconds.append(time.perf_counter() - start)
    json.dump({"seconds": seconds, "commands": len(commands)}, sys.stdout)


main()
