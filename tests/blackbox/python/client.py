"""paho-mqtt for tests/blackbox: PORT 311|5 CLIENT-ID FILTER.

Publishes what comes in as lines of JSON on standard input, and writes what it hears in the
form of `mosquitto_sub -F %j`.
"""

import json
import sys

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

port, version, client_id, topic_filter = sys.argv[1:]
v5 = version == "5"


def say(line):
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def on_connect(client, userdata, flags, reason, properties):
    if reason.is_failure:
        sys.exit(f"not let in: {reason}")
    client.subscribe(topic_filter, qos=1)


def on_subscribe(client, userdata, mid, reasons, properties):
    if any(reason.is_failure for reason in reasons):
        sys.exit(f"subscription refused: {reasons}")
    say("Subscribed")


def on_message(client, userdata, message):
    correlation = getattr(message.properties, "CorrelationData", None) if v5 else None
    properties = {} if correlation is None else {"correlation-data": correlation.decode()}
    say(
        json.dumps(
            {
                "topic": message.topic,
                "payload": message.payload.decode(),
                "retain": int(message.retain),
                "properties": properties,
            }
        )
    )


client = mqtt.Client(
    mqtt.CallbackAPIVersion.VERSION2,
    client_id=client_id,
    protocol=mqtt.MQTTv5 if v5 else mqtt.MQTTv311,
)
client.on_connect = on_connect
client.on_subscribe = on_subscribe
client.on_message = on_message
client.connect("127.0.0.1", int(port))
client.loop_start()

for line in sys.stdin:
    order = json.loads(line)
    properties = None
    if v5:
        properties = Properties(PacketTypes.PUBLISH)
        if order["response_topic"] is not None:
            properties.ResponseTopic = order["response_topic"]
        if order["correlation"] is not None:
            properties.CorrelationData = order["correlation"].encode()
    client.publish(order["topic"], order["payload"], qos=1, retain=order["retain"], properties=properties)

client.disconnect()
client.loop_stop()
