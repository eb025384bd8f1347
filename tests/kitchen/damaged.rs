//! Records of the kitchen and its screens that can't be understood.

use std::path::Path;

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::desk::{Desk, STATIONS, Seen, dish, order};

#[tokio::test]
async fn a_record_that_makes_no_sense_is_set_aside_and_the_kitchen_opens_without_it() {
    let mut desk = Desk::with(vec![], STATIONS).await;
    desk.send(order("O1", &[dish("1", "Steak", "grill")])).await;
    desk.stands("grill", "O1").await;
    desk.settle().await;
    desk.outlet.stop().await;
    let data = desk.outlet.folder.path().join("data");
    let journal = Connection::open(data.join("journal.db")).unwrap();
    journal
        .execute_batch(
            "INSERT INTO screens VALUES ('wall', '{\"screen\": 7}');
             INSERT INTO kitchen_orders VALUES ('O9', NULL, '{\"order\": \"O9\"}');
             INSERT INTO kitchen_commands VALUES ('C9', 1, x'FF');
             UPDATE kitchen SET value = 'soon' WHERE name = 'epoch';
             INSERT OR REPLACE INTO kitchen VALUES ('switches', '[1]')",
        )
        .unwrap();
    drop(journal);
    desk.outlet.start().await;
    desk.ear = desk.outlet.client().await;
    let topic = desk.ear.topics.attention();
    let (_, attention) = desk.ear.next(|seen, value| seen == topic && value["notices"][0].is_object()).await;
    let notices = attention["notices"].as_array().unwrap();
    assert!(notices.iter().all(|notice| notice["code"] == "journal-damaged"), "{attention}");
    let kept = |notice: &Value| kept_in(&data, notice["evidence"]["kept"].as_str().unwrap());
    let kept: Vec<Value> = notices.iter().flat_map(kept).collect();
    let told = |key: &str| kept.iter().find(|kept| kept["key"] == key).map(|kept| kept["record"].clone());
    assert_eq!(told("wall"), Some(json!("{\"screen\": 7}")));
    assert_eq!(told("O9"), Some(json!("{\"order\": \"O9\"}")));
    assert_eq!(told("C9"), Some(json!("\u{fffd}")));
    assert_eq!(told("epoch"), Some(json!("soon")));
    assert_eq!(told("switches"), Some(json!("[1]")));
    assert_eq!(notices.len(), 5);
    (desk.ear, desk.seen) = (desk.outlet.client().await, Seen::default());
    let stands = desk.stands("grill", "O1").await;
    assert!(stands["epoch"].as_u64() > Some(1_000_000_000), "screens have seen lower ones: {stands}");
    desk.outlet.stop().await;
    desk.outlet.start().await;
    desk.ear = desk.outlet.client().await;
    let (_, again) = desk.ear.next(|seen, value| seen == topic && value["notices"][0].is_object()).await;
    assert_eq!(again, json!({"jobs": attention["jobs"], "notices": attention["notices"]}), "told once");
}

/// The records in a file of those set aside.
fn kept_in(data: &Path, file: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(data.join(file)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
