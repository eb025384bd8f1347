use outlet_simulators::scale::{HidStatus, HidUnit, hid_report};
use serde_json::json;
use tokio::sync::watch;

use super::super::device;
use super::super::options::Options;
use super::*;
use crate::driver::{DeviceStatus, Driver, Report, Request, StatusSink};
use crate::reading::{ReadingSink, Readings};
use crate::transport::hid::fake::{FakeBus, interface};

/// Report 3 with status, unit, scaling and weight, all of page 8D.
const DESCRIPTOR: [u8; 28] = [
    0x05, 0x8d, 0x09, 0x20, 0xa1, 0x01, 0x85, 0x03, 0x09, 0x70, 0x09, 0x50, 0x09, 0x41, 0x75, 0x08, 0x95,
    0x03, 0x81, 0x02, 0x09, 0x40, 0x75, 0x10, 0x95, 0x01, 0x81, 0x02,
];

struct Bed {
    bus: Arc<FakeBus>,
    scale: device::Scale,
    readings: Readings,
    status: watch::Receiver<DeviceStatus>,
}

fn bed() -> Bed {
    let bus = Arc::new(FakeBus::default());
    let (facts, link, source) = read("hid://0922:8003", &Map::new()).unwrap();
    let source = source.over(Arc::clone(&bus) as _);
    let (sink, readings) = ReadingSink::new();
    let (sender, status): (StatusSink, _) = watch::channel(DeviceStatus::default());
    let report = Report { status: sender, readings: sink };
    let scale = device::Scale::new(facts, Box::new(source), link, Options::default(), report);
    Bed { bus, scale, readings, status }
}

impl Bed {
    fn plug(&self) {
        self.bus.plug(interface(0x0922, 0x8003, Some("0071911001546"), &[(0x8d, 0x20)]), &DESCRIPTOR);
    }

    async fn connected() -> Self {
        let mut bed = bed();
        bed.plug();
        bed.bus.answer(&hid_report(HidStatus::Zero, HidUnit::Gram, 0, 0));
        bed.scale.connect().await.unwrap();
        bed.next().await;
        bed
    }

    async fn next(&mut self) -> Value {
        tokio::select! {
            biased;
            reading = self.readings.recv() => serde_json::to_value(reading.unwrap()).unwrap(),
            lost = self.scale.idle() => panic!("{lost}"),
        }
    }
}

// The facts sheet: `.. 0B FF 34 19` behind the report's id is 645.2 oz.
#[tokio::test]
async fn the_weight_of_the_facts_sheet_is_told() {
    let mut bed = Bed::connected().await;
    bed.bus.report(&[3, 4, 0x0b, 0xff, 0x34, 0x19]);
    let told = bed.next().await;
    assert_eq!(
        (&told["weight"]["value"], &told["weight"]["unit"]),
        (&json!("645.2"), &json!("oz")),
        "{told}"
    );
    assert_eq!(told["stable"], true);
}

#[tokio::test]
async fn a_load_in_motion_is_no_news_and_an_overload_is_a_condition() {
    let mut bed = Bed::connected().await;
    bed.bus.report(&hid_report(HidStatus::Motion, HidUnit::Gram, 0, 740));
    bed.bus.report(&hid_report(HidStatus::Stable, HidUnit::Gram, 0, 750));
    assert_eq!(bed.next().await["weight"]["value"], "750");
    bed.bus.report(&hid_report(HidStatus::OverLimit, HidUnit::Gram, 0, 0));
    let told = bed.next().await;
    assert_eq!((&told["overload"], told.get("weight")), (&json!(true), None));
    assert!(bed.status.borrow().conditions.contains("overload"));
}

#[tokio::test]
async fn reports_that_are_cut_too_long_or_another_devices_are_faults_and_never_weights() {
    let mut bed = Bed::connected().await;
    for wrong in
        [&[3, 4, 2, 0, 0x10][..], &[3, 4, 2, 0, 0x10, 0, 0, 9], &[3, 77, 2, 0, 0x10, 0], &[3, 4, 2, 50, 1, 0]]
    {
        bed.bus.report(wrong);
        let told = bed.next().await;
        assert!(told["fault"].is_string() && told.get("weight").is_none(), "{wrong:?}: {told}");
        assert!(bed.status.borrow().conditions.contains("scale-fault"));
        bed.bus.report(&hid_report(HidStatus::Stable, HidUnit::Gram, 0, 100));
        assert_eq!(bed.next().await["weight"]["value"], "100");
    }
    // Its other reports, such as its limits.
    bed.bus.report(&[4, 1, 2, 3]);
    bed.bus.report(&hid_report(HidStatus::Stable, HidUnit::Gram, 0, 200));
    assert_eq!(bed.next().await["weight"]["value"], "200");
}

#[tokio::test]
async fn a_scale_that_reports_changes_only_is_asked_when_somebody_weighs() {
    let mut bed = Bed::connected().await;
    bed.bus.answer(&hid_report(HidStatus::Stable, HidUnit::Kilogram, -3, 1550));
    let weighed = bed.scale.request(&Request::Weigh { timeout_ms: None }).await.unwrap();
    assert_eq!(weighed["kg"], "1.550");
}

#[tokio::test]
async fn what_was_reported_before_the_question_is_no_answer_to_it() {
    let mut bed = Bed::connected().await;
    bed.bus.report(&hid_report(HidStatus::Stable, HidUnit::Gram, 0, 999));
    bed.bus.answer(&hid_report(HidStatus::Stable, HidUnit::Gram, 0, 555));
    let weighed = bed.scale.request(&Request::Weigh { timeout_ms: None }).await.unwrap();
    assert_eq!(weighed["kg"], "0.555");
}

#[tokio::test]
async fn a_scale_that_is_unplugged_is_lost_at_once_and_goes_on_when_it_is_back() {
    let mut bed = Bed::connected().await;
    bed.bus.unplug();
    let lost = bed.scale.idle().await;
    assert!(lost.message.contains("hid://0922:8003"), "{lost}");
    assert!(!bed.status.borrow().online);
    let missing = bed.scale.connect().await.unwrap_err();
    assert!(missing.message.contains("no HID device 0922:8003"), "{missing}");
    bed.plug();
    bed.bus.answer(&hid_report(HidStatus::Stable, HidUnit::Gram, 0, 42));
    bed.scale.connect().await.unwrap();
    assert_eq!(bed.next().await["weight"]["value"], "42");
    assert!(bed.status.borrow().online);
}

#[tokio::test]
async fn it_says_what_it_is_and_has_no_commands() {
    let mut bed = Bed::connected().await;
    assert_eq!(bed.scale.request(&Request::Identify).await.unwrap()["said"], "Maker Device");
    let error = bed.scale.request(&Request::Zero).await.unwrap_err();
    assert!(error.message.contains("a USB scale has no command for zero"), "{error}");
}

#[test]
fn a_usb_scale_has_a_hid_link_and_no_options_of_its_own() {
    let error = read("serial:///dev/ttyUSB0", &Map::new()).err().unwrap();
    assert!(error.key == "link" && error.message.contains("hid://"), "{error}");
    let others = Map::from_iter([("id".to_owned(), json!(1))]);
    assert_eq!(read("hid://0922:8003", &others).err().unwrap().key, "options.id");
}
