//! One client that says and hears everything, for all who work in the outlet.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Filter, Packet};
use rumqttc::v5::{AsyncClient, Event, MqttOptions};
use serde_json::{Value, json};
use tokio::sync::broadcast;

/// Topics of the outlet.
pub const PREFIX: &str = "outlet/v1/test";

/// What was heard: the topic below the prefix, and what it says.
pub type Heard = Arc<(String, Value)>;

/// The client.
#[derive(Clone)]
pub struct Ear {
    client: AsyncClient,
    heard: broadcast::Sender<Heard>,
}

/// What one of them waits for.
pub struct Listener {
    heard: broadcast::Receiver<Heard>,
}

impl Ear {
    pub async fn connect(broker: SocketAddr) -> Self {
        let mut options = MqttOptions::new("evening", broker.ip().to_string(), broker.port());
        options.set_max_packet_size(Some(4 << 20)).set_keep_alive(Duration::from_secs(30));
        let (client, mut events) = AsyncClient::new(options, 1024);
        let heard = broadcast::channel(1 << 16).0;
        let ear = Self { client: client.clone(), heard: heard.clone() };
        let topics =
            ["job/+", "reply/+", "event", "attention", "device/+/state", "device/+/reading", "kitchen/#"];
        let filters = topics.map(|topic| Filter::new(format!("{PREFIX}/{topic}"), QoS::AtLeastOnce));
        let (up, subscribed) = tokio::sync::oneshot::channel();
        tokio::spawn(async move {
            let mut up = Some(up);
            loop {
                match events.poll().await {
                    Ok(Event::Incoming(Packet::SubAck(_))) => drop(up.take().map(|up| up.send(()))),
                    Ok(Event::Incoming(Packet::Publish(publish))) => {
                        let topic = String::from_utf8_lossy(&publish.topic);
                        let below = topic.trim_start_matches(PREFIX).trim_start_matches('/').to_owned();
                        let value = serde_json::from_slice(&publish.payload).unwrap_or(Value::Null);
                        drop(heard.send(Arc::new((below, value))));
                    }
                    Ok(_) => {}
                    // Whoever waits for something hears no more of it, and says so.
                    Err(_) => return,
                }
            }
        });
        client.subscribe_many(filters).await.unwrap();
        subscribed.await.unwrap();
        ear
    }

    /// Hears everything from now on.
    pub fn listen(&self) -> Listener {
        Listener { heard: self.heard.subscribe() }
    }

    pub async fn publish(&self, topic: &str, value: &Value) {
        let topic = format!("{PREFIX}/{topic}");
        self.client.publish(topic, QoS::AtLeastOnce, false, value.to_string()).await.unwrap();
    }

    /// Asks the agent.
    pub async fn ask(&self, mut request: Value) -> Value {
        let mut listener = self.listen();
        request["reply_to"] = json!(format!("{PREFIX}/reply/evening"));
        self.publish("request", &request).await;
        listener.until(|topic, _| topic == "reply/evening").await
    }
}

impl Listener {
    /// The next message that fits.
    pub async fn until(&mut self, fits: impl Fn(&str, &Value) -> bool) -> Value {
        let found = async {
            loop {
                let heard = self.heard.recv().await.unwrap();
                if fits(&heard.0, &heard.1) {
                    return heard.1.clone();
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(60), found).await.expect("what was waited for")
    }
}
