//! What is done in an evening: on every device one after the other, on all of them at once.

use std::time::{Duration, Instant};

use outlet_simulators::reader::{StripeReader, Tracks};
use outlet_simulators::scale::Scale;
use serde_json::{Value, json};

use crate::ear::Ear;
use crate::outlet::Outlet;
use crate::panel::Panel;

/// How long everything took, sorted.
#[derive(Default)]
pub struct Done {
    pub jobs: Vec<Duration>,
    pub readings: Vec<Duration>,
}

/// An evening.
pub async fn evening(outlet: &mut Outlet, evening: usize, each: usize) -> Done {
    let ear = &outlet.ear;
    let vat = outlet.till.kind.vat;
    let (kitchen, bar, till, labels, grill, swipes, weights) = tokio::join!(
        jobs(ear, "kitchen", evening, each, |number| json!({"kind": "print", "document": ticket(number)})),
        jobs(ear, "bar", evening, each, |number| json!({"kind": "print", "document": ticket(number)})),
        jobs(ear, "till", evening, each, |_| json!({"kind": "fiscal", "document": receipt(vat)})),
        jobs(ear, "labels", evening, each, |_| json!({"kind": "label", "document": label()})),
        tickets(ear, &mut outlet.panel, &outlet.screen, evening, each),
        swipes(ear, &outlet.cards, evening, each),
        weights(ear, &outlet.scale, each),
    );
    let sorted = |all: &[Vec<Duration>]| {
        let mut all = all.concat();
        all.sort_unstable();
        all
    };
    Done { jobs: sorted(&[kitchen, bar, till, labels, grill]), readings: sorted(&[swipes, weights]) }
}

async fn jobs(
    ear: &Ear,
    device: &str,
    evening: usize,
    each: usize,
    job: impl Fn(usize) -> Value,
) -> Vec<Duration> {
    let mut took = Vec::new();
    for number in 0..each {
        let mut job = job(number);
        job["id"] = json!(format!("{device}-{evening}-{number}"));
        took.push(submit(ear, device, &job).await);
    }
    took
}

/// From the publish to the end.
async fn submit(ear: &Ear, device: &str, job: &Value) -> Duration {
    let mut listener = ear.listen();
    let topic = format!("job/{}", job["id"].as_str().unwrap());
    let began = Instant::now();
    ear.publish(&format!("device/{device}/job"), job).await;
    let over = ["succeeded", "failed", "expired", "cancelled", "rejected", "uncertain"];
    let end = listener
        .until(|heard, value| heard == topic && over.iter().any(|state| value["state"] == *state))
        .await;
    assert_eq!(end["state"], "succeeded", "{end}");
    began.elapsed()
}

/// Tickets come, a screen shows them, a cook is done with them.
async fn tickets(ear: &Ear, panel: &mut Panel, screen: &str, evening: usize, each: usize) -> Vec<Duration> {
    let mut took = Vec::new();
    for number in 0..each {
        let order = format!("O{evening}-{number}");
        let items = json!([{"id": "1", "name": "Стейк", "place": "grill"}, {"id": "2", "name": "Суп", "place": "grill"}]);
        let document = json!({"order": order, "number": format!("{number}"), "table": "12", "items": items});
        let job = json!({"id": format!("grill-{evening}-{number}"), "kind": "ticket", "document": document});
        let mut listener = ear.listen();
        let topic = format!("kitchen/grill/ticket/{order}");
        let shown = async {
            let stands = listener.until(|heard, value| heard == topic && !value.is_null()).await;
            let watch = json!({"op": "watch", "shown": {"grill": {&order: stands["ver"]}}});
            command(panel, screen, &format!("{order}-shown"), watch).await;
        };
        let (time, ()) = tokio::join!(submit(ear, "grill", &job), shown);
        took.push(time);
        let done =
            json!({"op": "move", "station": "grill", "ticket": order, "from": "queued", "to": "ready"});
        let answer = command(panel, screen, &format!("{order}-done"), done).await;
        assert_eq!(answer["result"], "applied", "{answer}");
    }
    took
}

async fn command(panel: &mut Panel, screen: &str, id: &str, mut command: Value) -> Value {
    command["cmd"] = json!(id);
    panel.publish(&format!("kitchen/command/{screen}"), &command).await;
    loop {
        let answer = panel.hears(&format!("kitchen/answer/{screen}")).await.1;
        if answer["cmd"] == id {
            return answer;
        }
    }
}

async fn swipes(ear: &Ear, cards: &StripeReader, evening: usize, each: usize) -> Vec<Duration> {
    let mut took = Vec::new();
    for number in 0..each {
        let guest = format!("{}", 900_000 + evening * each + number);
        let mut listener = ear.listen();
        let began = Instant::now();
        cards.swipe(&Tracks::new("", &format!(";{guest}?"), ""));
        listener
            .until(|topic, value| topic == "device/cards/reading" && value.to_string().contains(&guest))
            .await;
        took.push(began.elapsed());
    }
    took
}

async fn weights(ear: &Ear, scale: &Scale, each: usize) -> Vec<Duration> {
    let mut took = Vec::new();
    for number in 0..each {
        let grams = 100 + 2 * number as i64;
        let text = format!("{}.{:03}", grams / 1000, grams % 1000);
        let mut listener = ear.listen();
        let began = Instant::now();
        scale.put(grams);
        let told = |value: &Value| value["stable"] == true && value["weight"]["value"] == text.as_str();
        listener.until(|topic, value| topic == "device/scale/reading" && told(value)).await;
        took.push(began.elapsed());
    }
    scale.take_away();
    took
}

fn ticket(number: usize) -> Value {
    let dish = |name: &str| json!({"type": "text", "text": name});
    json!({"blocks": [
        {"type": "text", "text": format!("СТОЛ 12   № {number}"), "style": {"width": 2, "height": 2}},
        dish("1 x Стейк рибай, средняя"), dish("2 x Борщ"), dish("1 x Салат Цезарь без анчоусов"), {"type": "cut"},
    ]})
}

fn receipt(vat: &str) -> Value {
    json!({
        "type": "sell",
        "items": [{
            "type": "position", "name": "Суп", "price": 2.9, "quantity": 2.0, "amount": 5.8,
            "paymentMethod": "fullPayment", "paymentObject": "commodity", "tax": {"type": vat},
        }],
        "payments": [{"type": "cash", "sum": 5.8}],
        "total": 5.8,
    })
}

fn label() -> Value {
    json!({"item": {"name": "Сыр", "code": "10001", "price": "189.90", "currency": "lei", "shelf_life": "0:1:12",
        "unit": "piece", "barcode": "4600000000008"}})
}
