//! A message from the bus, whichever broker it came by.

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;

/// What a client published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The whole topic.
    pub topic: String,
    /// The payload as it came.
    pub payload: Bytes,
    /// Whether it was published as retained.
    pub retain: bool,
    /// MQTT 5: where the answer goes.
    pub response_topic: Option<String>,
    /// MQTT 5: what the answer carries back.
    pub correlation: Option<Bytes>,
    /// MQTT 5: seconds left to live, where the broker shows it.
    pub expiry_s: Option<u32>,
    /// The client's id, where the broker shows it.
    pub client: Option<String>,
    /// The user the client was authenticated as, where the broker shows it.
    pub user: Option<String>,
}

/// Takes messages in. The work that decides the order of jobs is done before `hear` returns; the future
/// resolves when the message may be acknowledged.
pub trait Heard: Send + Sync + 'static {
    /// Takes one message in.
    fn hear(self: Arc<Self>, message: Message) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}
