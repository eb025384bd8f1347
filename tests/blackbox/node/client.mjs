// The npm package `mqtt` over WebSocket for tests/blackbox: PORT CLIENT-ID FILTER. Runs in the
// folder where the package is installed.
//
// Publishes what comes in as lines of JSON on standard input, and writes what it hears in the
// form of `mosquitto_sub -F %j`.

import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const mqtt = createRequire(`${process.cwd()}/`)('mqtt')
const [port, clientId, filter] = process.argv.slice(2)

const client = await mqtt.connectAsync(`ws://127.0.0.1:${port}/mqtt`, {
  clientId,
  protocolVersion: 5,
  reconnectPeriod: 0,
})
client.on('error', error => { throw error })
client.on('close', () => process.exit(0))
client.on('message', (topic, payload, packet) => {
  const correlation = packet.properties?.correlationData
  console.log(JSON.stringify({
    topic,
    payload: payload.toString(),
    retain: Number(packet.retain),
    properties: correlation === undefined ? {} : { 'correlation-data': correlation.toString() },
  }))
})
await client.subscribeAsync(filter, { qos: 1 })
console.log('Subscribed')

for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line)
  const properties = {}
  if (order.response_topic !== null) properties.responseTopic = order.response_topic
  if (order.correlation !== null) properties.correlationData = Buffer.from(order.correlation)
  await client.publishAsync(order.topic, order.payload, { qos: 1, retain: order.retain, properties })
}
await client.endAsync()
