//! An agent that speaks MQTT 3.1.1 to its broker, as one that is older than MQTT 5 needs.

use serde_json::json;

use crate::agent::Outlet;
use crate::broker::Broker;
use crate::client::Dialect;
use crate::{jobs, presence};

#[tokio::test]
#[ignore = "needs the tools of ./check"]
async fn a_job_is_accepted_printed_and_known_afterwards() {
    for dialect in [Dialect::Mosquitto311, Dialect::Paho311] {
        jobs::a_job_is_accepted_printed_and_known_afterwards(dialect, Broker::Mosquitto311).await;
    }
}

#[tokio::test]
#[ignore = "needs the tools of ./check"]
async fn a_request_is_answered_where_it_says() {
    let outlet = Outlet::open(Broker::Mosquitto311).await;
    let mut pos = outlet.client(Dialect::Paho311, "pos-1").await;
    let found = pos.ask(&json!({"op": "list", "correlation": "17"})).await;
    assert_eq!((&found["ok"], &found["correlation"]), (&json!(true), &json!("17")), "{found}");
}

#[tokio::test]
#[ignore = "needs the tools of ./check"]
async fn who_comes_later_is_told_what_is_there() {
    presence::who_comes_later_is_told_what_is_there(Broker::Mosquitto311).await;
}

#[tokio::test]
#[ignore = "needs the tools of ./check"]
async fn a_device_is_ready_offline_and_in_need_of_attention() {
    presence::a_device_is_ready_offline_and_in_need_of_attention(Broker::Mosquitto311).await;
}

#[tokio::test]
#[ignore = "needs the tools of ./check"]
async fn a_killed_agent_is_offline_and_comes_back_as_a_new_session() {
    presence::a_killed_agent_is_offline_and_comes_back_as_a_new_session(Broker::Mosquitto311).await;
}
