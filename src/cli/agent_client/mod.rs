//! A client of a running agent, on this machine or far away, as a technician's laptop is.
//!
//! It knows the agent only by the topic contract: requests with a response topic and correlation data,
//! retained documents, and what the agent publishes.

mod error;
mod link;

use std::time::Duration;

use bytes::Bytes;
use outletd::bus::contract::{AgentDocument, AgentState, Reply, Topics};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout, timeout_at};

pub(crate) use error::ClientError;
pub(crate) use link::{Message, Notice, Watch};

use super::connection::{Broker, Connection};
use link::Link;

/// Retained messages follow the broker's answer to a subscription and nothing marks the last one: they
/// are all there when none has come for this long.
const QUIET: Duration = Duration::from_millis(300);

/// A connection to a broker, with the topics of one outlet.
pub(crate) struct AgentClient {
    link: Link,
    broker: Broker,
    topics: Topics,
    reply_topic: String,
    patience: Duration,
}

impl AgentClient {
    /// Connects, and finds out which outlet is meant where the options don't say.
    ///
    /// # Errors
    /// No broker within 3 seconds, wrong credentials, no outlet or several of them.
    pub(crate) async fn connect(options: &Connection) -> Result<Self, ClientError> {
        let name = format!("outletd-cli-{}", ulid::Ulid::new().to_string().to_ascii_lowercase());
        let link = Link::open(options, &name).await?;
        let topics = match options.topics() {
            Some(topics) => topics,
            None => discover(&link, &options.broker).await?,
        };
        let reply_topic = topics.reply(&name);
        let broker = options.broker.clone();
        let client = Self { link, broker, topics, reply_topic, patience: options.patience() };
        client.watch(&client.reply_topic).await?;
        Ok(client)
    }

    /// The outlet's topics.
    pub(crate) fn topics(&self) -> &Topics {
        &self.topics
    }

    /// How long an answer may take, by the options.
    pub(crate) fn patience(&self) -> Duration {
        self.patience
    }

    /// Asks for something and waits for the answer.
    ///
    /// # Errors
    /// No answer within `patience`, no right to ask, the connection lost, an answer nobody understands.
    /// A refusal by the agent is an answer.
    pub(crate) async fn request(
        &self,
        topic: &str,
        body: &impl Serialize,
        patience: Duration,
    ) -> Result<Reply, ClientError> {
        let payload = serde_json::to_vec(body)
            .map_err(|error| ClientError::Malformed { topic: topic.to_owned(), cause: error.to_string() })?;
        let deadline = Instant::now() + patience;
        let mut replies = self.replies();
        self.send(topic, payload, &replies, Some(patience)).await?;
        loop {
            match timeout_at(deadline, replies.next()).await {
                Ok(Answered::Payload(payload)) => return parse(&self.reply_topic, &payload),
                Ok(Answered::Refused(reason)) => {
                    return Err(ClientError::NotAllowed { topic: topic.to_owned(), reason });
                }
                Ok(Answered::Lost(cause)) => {
                    return Err(ClientError::Lost { broker: self.broker.clone(), cause });
                }
                Ok(Answered::Restored) => {}
                Err(_) => return Err(self.no_answer(topic, patience).await),
            }
        }
    }

    /// Answers to what is sent with it.
    pub(crate) fn replies(&self) -> Replies {
        Replies {
            correlation: Bytes::from(ulid::Ulid::new().to_string()),
            watch: self.link.listen(&self.reply_topic),
        }
    }

    /// Publishes, so that the answer comes to `replies`. What waits at the broker longer than `expiry` for an
    /// agent that isn't there is dropped.
    pub(crate) async fn send(
        &self,
        topic: &str,
        payload: Vec<u8>,
        replies: &Replies,
        expiry: Option<Duration>,
    ) -> Result<(), ClientError> {
        self.link.publish(topic, payload, &self.reply_topic, &replies.correlation, expiry).await
    }

    /// Follows a topic or filter; when it returns, the broker has taken the subscription.
    pub(crate) async fn watch(&self, filter: &str) -> Result<Watch, ClientError> {
        self.link.watch(filter).await
    }

    /// Retained messages of some filters.
    pub(crate) async fn retained(&self, filters: &[String]) -> Result<Vec<Message>, ClientError> {
        retained(&self.link, filters).await
    }

    /// The error for an agent that keeps silent.
    pub(crate) async fn no_answer(&self, topic: &str, patience: Duration) -> ClientError {
        let documents = self.retained(&[self.topics.agent()]).await.unwrap_or_default();
        let agent = documents.first().and_then(|document| serde_json::from_slice(&document.payload).ok());
        ClientError::NoAnswer {
            topic: topic.to_owned(),
            broker: self.broker.clone(),
            seconds: patience.as_secs(),
            last_word: agent.map(|agent: AgentDocument| agent.state),
        }
    }

    /// Takes leave of the broker.
    pub(crate) async fn close(self) {
        self.link.close().await;
    }
}

/// What became of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answered {
    /// An answer.
    Payload(Bytes),
    /// The broker refused the question.
    Refused(String),
    /// The connection was lost.
    Lost(String),
    /// The connection is there again.
    Restored,
}

/// The answers to one question.
pub(crate) struct Replies {
    correlation: Bytes,
    watch: Watch,
}

impl Replies {
    /// The next answer, or what became of the question or the connection. Cancel-safe.
    pub(crate) async fn next(&mut self) -> Answered {
        loop {
            match self.watch.next().await {
                Notice::Message(message) => {
                    if message.correlation.as_ref() == Some(&self.correlation) {
                        return Answered::Payload(message.payload);
                    }
                }
                Notice::Refused(reason) => return Answered::Refused(reason),
                Notice::Lost(cause) => return Answered::Lost(cause),
                Notice::Restored => return Answered::Restored,
            }
        }
    }
}

/// Reads what came on a topic.
pub(crate) fn parse<T: DeserializeOwned>(topic: &str, payload: &[u8]) -> Result<T, ClientError> {
    serde_json::from_slice(payload)
        .map_err(|error| ClientError::Malformed { topic: topic.to_owned(), cause: error.to_string() })
}

async fn retained(link: &Link, filters: &[String]) -> Result<Vec<Message>, ClientError> {
    let mut watches = Vec::new();
    for filter in filters {
        watches.push(link.watch(filter).await?);
    }
    let mut all = Vec::new();
    let mut quiet = QUIET;
    for watch in &mut watches {
        while let Ok(notice) = timeout(quiet, watch.next()).await {
            if let Notice::Message(message) = notice
                && message.retained
            {
                all.push(message);
            }
        }
        // Those of the further filters came meanwhile.
        quiet = Duration::ZERO;
    }
    Ok(all)
}

async fn discover(link: &Link, broker: &Broker) -> Result<Topics, ClientError> {
    let documents = retained(link, &["outlet/v1/+/agent".to_owned()]).await?;
    choose(&documents, broker)
}

/// The only outlet whose agent is online.
fn choose(documents: &[Message], broker: &Broker) -> Result<Topics, ClientError> {
    let names = |wanted: AgentState| -> Vec<String> {
        let outlets = documents.iter().filter_map(|document| {
            let name = document.topic.strip_prefix("outlet/v1/")?.strip_suffix("/agent")?;
            let agent: AgentDocument = serde_json::from_slice(&document.payload).ok()?;
            (agent.state == wanted).then(|| name.to_owned())
        });
        outlets.collect()
    };
    let online = names(AgentState::Online);
    match online.as_slice() {
        [only] => Ok(Topics::new(format!("outlet/v1/{only}"))),
        [] => Err(ClientError::NoOutlet { broker: broker.clone(), offline: names(AgentState::Offline) }),
        _ => Err(ClientError::SeveralOutlets { broker: broker.clone(), outlets: online }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn agent(outlet: &str, state: &str) -> Message {
        let document =
            json!({"state": state, "session": "s", "version": "1", "started_at": "2026-05-01T18:30:00.000Z"});
        Message {
            topic: format!("outlet/v1/{outlet}/agent"),
            payload: Bytes::from(document.to_string()),
            retained: true,
            correlation: None,
        }
    }

    fn broker() -> Broker {
        "mqtt://10.0.0.5".parse().unwrap()
    }

    #[test]
    fn the_only_outlet_online_is_taken() {
        let topics = choose(&[agent("old", "offline"), agent("demo", "online")], &broker()).unwrap();
        assert_eq!(topics.prefix(), "outlet/v1/demo");
    }

    #[test]
    fn of_several_outlets_none_is_guessed() {
        let error = choose(&[agent("bar", "online"), agent("demo", "online")], &broker()).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("bar, demo") && text.contains("--outlet"), "{text}");
    }

    #[test]
    fn outlets_that_are_offline_are_named_when_none_is_online() {
        let text = choose(&[agent("demo", "offline")], &broker()).unwrap_err().to_string();
        assert!(text.contains("demo"), "{text}");
        let text = choose(&[], &broker()).unwrap_err().to_string();
        assert!(text.contains("--prefix"), "{text}");
    }
}
