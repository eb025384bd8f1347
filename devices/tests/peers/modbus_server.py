"""A line of Modbus units by pymodbus: a relay board (1), a thermometer (2) and an indicator (3).

`modbus_server.py socket` listens on a free port of 127.0.0.1 with frames of Modbus TCP, `modbus_server.py rtu` with those
of a serial line. The first line on stdout is the port, and says that it is ready. Each line of stdin, `set UNIT FUNCTION ADDRESS
VALUE...` or `get UNIT FUNCTION ADDRESS COUNT`, is answered by one line with the values. It ends with its stdin.
"""

import asyncio
import sys

from pymodbus.framer import FramerType
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice


def registers(address, values):
    return SimData(address=address, values=values, datatype=DataType.REGISTERS)


def device(unit, holding, inputs):
    bits = SimData(address=0, values=[False] * 16, datatype=DataType.BITS)
    return SimDevice(id=unit, simdata=([bits], [bits], holding, inputs))


UNITS = [
    device(1, [registers(0, [0])], [registers(0, [0])]),
    device(2, [registers(0, [0])], [registers(0, [0, 0xFF33, 500])]),
    device(3, [registers(0, [0] * 3), registers(100, [0, 1550, 0, 1550, 0, 0, 4])], [registers(0, [0])]),
]


async def answer(server, verb, unit, function, address, *values):
    if verb == "set":
        values = [bool(value) for value in values] if function in (1, 5) else list(values)
        await server.async_setValues(unit, function, address, values)
        return values
    return await server.async_getValues(unit, function, address, values[0])


async def serve(framer):
    server = ModbusTcpServer(UNITS, framer=FramerType(framer), address=("127.0.0.1", 0))
    await server.serve_forever(background=True)
    print(server.transport.sockets[0].getsockname()[1], flush=True)
    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := (await lines.readline()).decode().split():
        values = await answer(server, line[0], *(int(word) for word in line[1:]))
        print(*(int(value) for value in values), flush=True)
    await server.shutdown()


asyncio.run(serve(*sys.argv[1:]))
