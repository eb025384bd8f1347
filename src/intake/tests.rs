use std::sync::Mutex;

use outlet_devices::driver::Work;
use tempfile::TempDir;

use super::*;
use crate::board::Board;
use crate::bus::client::{self, Unsaid};
use crate::clock;

/// A judge with a defect.
struct Panics;

impl Check for Panics {
    fn check(&self, _: &Work) -> Result<(), DeviceError> {
        panic!("a defect of a test")
    }
}

/// A judge that finds no fault, and panics when it looks for the baseline.
struct PanicsLater;

impl Check for PanicsLater {
    fn check(&self, _: &Work) -> Result<(), DeviceError> {
        Ok(())
    }

    fn baseline(&self, _: &Command, _: u64) -> Option<Value> {
        panic!("a defect of a test")
    }
}

/// An intake before one printer, and what it says.
struct Bed {
    intake: Arc<Intake>,
    journal: Journal,
    device: Arc<Device>,
    said: Mutex<Unsaid>,
    _folder: TempDir,
}

impl Bed {
    fn new(check: Arc<dyn Check>, rules: Rules) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let topics = Topics::new("outlet/v1/test");
        let committed = mpsc::unbounded_channel().0;
        let journal = Journal::open(folder.path(), topics.clone(), clock::system(), committed).unwrap();
        let description = Description {
            kind: "printer".into(),
            driver: "escpos".into(),
            model: None,
            name: "a printer".into(),
            link: "tcp://127.0.0.1:9100".into(),
            capabilities: vec!["print".into()],
            limits: Value::Null,
        };
        let device = Arc::new(Device {
            id: "kitchen".into(),
            description,
            check,
            fallback: None,
            worker: mpsc::unbounded_channel().0,
            readiness: Readiness::default(),
            depth: AtomicU64::new(0),
            max_depth: 1000,
        });
        let devices: Arc<Devices> = Arc::new([("kitchen".to_owned(), device.clone())].into());
        let requests = Requests::new(journal.clone(), devices.clone(), Board::new(clock::system()));
        let (bus, unsaid) = client::bus();
        let intake = Intake::new(topics, journal.clone(), devices, rules, requests, bus, None);
        Self { intake, journal, device, said: Mutex::new(unsaid), _folder: folder }
    }

    async fn submit(&self, id: &str, client: &str, user: Option<&str>) {
        let payload = serde_json::json!({
            "id": id, "kind": "print", "document": {"blocks": [{"type": "text", "text": "SOUP"}]}
        });
        let message = Message {
            topic: self.intake.topics.device_job("kitchen"),
            payload: payload.to_string().into(),
            retain: false,
            response_topic: None,
            correlation: None,
            expiry_s: None,
            client: Some(client.to_owned()),
            user: user.map(str::to_owned),
        };
        self.intake.clone().hear(message).await;
    }

    /// The codes of the refusals that were told since the last call.
    fn refusals(&self) -> Vec<String> {
        let said = self.said.lock().unwrap().said();
        let documents = said.iter().map(|(_, payload)| serde_json::from_slice(payload).unwrap());
        documents.map(|document: JobDocument| document.error.unwrap().code).collect()
    }
}

#[tokio::test]
async fn a_small_payload_whose_judge_panics_is_answered_and_acknowledged() {
    let bed = Bed::new(Arc::new(Panics), Rules::default());
    bed.submit("01JA", "pos-1", None).await;
    assert_eq!(bed.refusals(), ["internal"]);
    assert!(bed.journal.job("01JA").await.unwrap().is_none());
}

#[tokio::test]
async fn a_judge_that_panics_does_not_keep_the_worker_for_itself() {
    let bed = Bed::new(Arc::new(PanicsLater), Rules::default());
    bed.device.readiness.idle();
    bed.submit("01JA", "pos-1", None).await;
    assert_eq!(bed.refusals(), ["internal"]);
    bed.device.readiness.idle();
    assert!(bed.device.readiness.claim(), "the next job can be begun at once");
}

#[tokio::test]
async fn a_user_that_floods_gets_no_new_burst_by_another_client_id() {
    let limits = LimitsConfig { messages_per_s: 0, burst: 20 };
    let users = ["till", "guest"].map(|user| (user.to_owned(), [Right::Print].into()));
    let rights = Rights { users: users.into(), ..Rights::default() };
    let bed = Bed::new(Arc::new(Judge), Rules { limits, rights });
    for number in 0..100 {
        bed.submit(&format!("J-{number}"), &format!("made-up-{number}"), Some("till")).await;
    }
    assert_eq!(bed.refusals(), ["throttled"; 80], "a burst of 20, and nothing comes back");
    bed.submit("J-guest", "made-up-0", Some("guest")).await;
    bed.submit("J-nobody", "till", None).await;
    assert_eq!(bed.refusals(), [""; 0], "others have bursts of their own, whatever they are called");
}

/// Finds no fault.
struct Judge;

impl Check for Judge {
    fn check(&self, _: &Work) -> Result<(), DeviceError> {
        Ok(())
    }
}

#[tokio::test]
async fn a_till_that_sends_what_it_has_no_right_to_does_not_fill_the_feed() {
    let rights = Rights { users: [("till".to_owned(), Default::default())].into(), ..Rights::default() };
    let bed = Bed::new(Arc::new(Judge), Rules { rights, ..Rules::default() });
    for number in 0..100 {
        bed.submit(&format!("J-{number}"), "pos-1", Some("till")).await;
    }
    assert_eq!(bed.refusals(), ["forbidden"; 100], "each is answered");
    bed.journal.write(|_| Ok(())).await.unwrap();
    let (entries, _) = bed.journal.feed(0, 1000).await.unwrap();
    assert_eq!(entries.len(), 10, "ten a minute");
}
