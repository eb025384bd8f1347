//! An MQTT client that notes when each message came.

use std::time::{Duration, Instant};

use rumqttc::NetworkOptions;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Packet, PublishProperties};
use rumqttc::v5::{AsyncClient, Event, EventLoop, MqttOptions};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::Result;

/// Longest wait for anything that must come.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// Messages a client has on their way without an acknowledgement.
const IN_FLIGHT: u16 = 1000;

/// A connected client; it ends when it is dropped.
pub struct Client {
    mqtt: AsyncClient,
    heard: mpsc::UnboundedReceiver<Heard>,
    task: JoinHandle<()>,
}

/// A message and when it was read from the connection.
pub struct Heard {
    /// When.
    pub at: Instant,
    /// Where.
    pub topic: String,
    /// What; `null` when it is no JSON.
    pub value: Value,
}

impl Client {
    /// Connects to a broker on this machine and subscribes.
    pub async fn connect(port: u16, name: &str, filters: &[&str]) -> Result<Self> {
        let mut options = MqttOptions::new(name, "127.0.0.1", port);
        let mut network = NetworkOptions::new();
        network.set_tcp_nodelay(true);
        options
            .set_network_options(network)
            .set_max_packet_size(Some(4 << 20))
            .set_receive_maximum(Some(IN_FLIGHT))
            .set_outgoing_inflight_upper_limit(IN_FLIGHT);
        let (mqtt, events) = AsyncClient::new(options, usize::from(IN_FLIGHT));
        let (tell, heard) = mpsc::unbounded_channel();
        let (acknowledged, mut acknowledgements) = mpsc::unbounded_channel();
        let task = tokio::spawn(listen(events, tell, acknowledged));
        for filter in filters {
            mqtt.subscribe(*filter, QoS::AtLeastOnce).await?;
        }
        let all = async {
            // The connection's, and each subscription's.
            for _ in 0..=filters.len() {
                acknowledgements.recv().await.ok_or("the broker closed the connection")?;
            }
            Ok::<_, &str>(())
        };
        tokio::time::timeout(PATIENCE, all).await.map_err(|_| "the broker does not answer")??;
        Ok(Self { mqtt, heard, task })
    }

    /// Publishes with QoS 1, and says where an answer is wanted. Waits only for room in the client.
    pub async fn publish(
        &self,
        topic: &str,
        payload: impl Into<Vec<u8>>,
        answer: Option<&str>,
    ) -> Result<()> {
        let properties =
            PublishProperties { response_topic: answer.map(str::to_owned), ..PublishProperties::default() };
        let sent =
            self.mqtt.publish_with_properties(topic, QoS::AtLeastOnce, false, payload.into(), properties);
        Ok(sent.await?)
    }

    /// The next message.
    pub async fn next(&mut self) -> Result<Heard> {
        let next = tokio::time::timeout(PATIENCE, self.heard.recv()).await;
        Ok(next.map_err(|_| "nothing came")?.ok_or("the connection was lost")?)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn listen(
    mut events: EventLoop,
    tell: mpsc::UnboundedSender<Heard>,
    acknowledged: mpsc::UnboundedSender<()>,
) {
    loop {
        match events.poll().await {
            Ok(Event::Incoming(Packet::Publish(publish))) => {
                let at = Instant::now();
                let topic = String::from_utf8_lossy(&publish.topic).into_owned();
                let value = serde_json::from_slice(&publish.payload).unwrap_or_default();
                if tell.send(Heard { at, topic, value }).is_err() {
                    return;
                }
            }
            // Nobody listens any more once the client is connected.
            Ok(Event::Incoming(Packet::ConnAck(_) | Packet::SubAck(_))) => drop(acknowledged.send(())),
            Ok(_) => {}
            Err(error) => {
                eprintln!("a client lost its connection: {error}");
                return;
            }
        }
    }
}
