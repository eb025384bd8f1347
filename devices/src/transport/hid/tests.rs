use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::fake::{FakeBus, interface};
use super::*;

const KEYBOARD: (u16, u16) = (0x01, 0x06);
const CODES: (u16, u16) = (0x8c, 0x02);
const WEIGHTS: (u16, u16) = (0x8d, 0x20);

fn named<'a>(serial: Option<&'a str>, page: Option<u16>) -> Named<'a> {
    Named { vendor: 0x05f9, product: 0x2206, serial, page }
}

fn one(number: i32, serial: Option<&str>, usages: &[(u16, u16)]) -> Interface {
    Interface { number, ..interface(0x05f9, 0x2206, serial, usages) }
}

#[test]
fn a_device_is_found_by_its_serial_number() {
    let all = [one(0, Some("A"), &[CODES]), one(0, Some("B"), &[CODES])];
    assert_eq!(choose(&all, &named(Some("B"), None), &SCANNER).unwrap().serial.as_deref(), Some("B"));
    let (fault, detail) = choose(&all, &named(None, None), &SCANNER).unwrap_err();
    assert_eq!(fault, Fault::Ambiguous);
    assert!(detail.contains("05f9:2206/A, 05f9:2206/B"), "{detail}");
    let (fault, detail) = choose(&all, &named(Some("C"), None), &SCANNER).unwrap_err();
    assert_eq!(fault, Fault::Missing);
    assert!(detail.contains("05f9:2206/A"), "{detail}");
}

#[test]
fn a_scanner_with_a_scale_in_it_is_both_each_by_its_own_interface() {
    let all = [one(0, Some("A"), &[CODES]), one(1, Some("A"), &[WEIGHTS]), one(2, Some("A"), &[KEYBOARD])];
    assert_eq!(choose(&all, &named(None, None), &SCANNER).unwrap().number, 0);
    assert_eq!(choose(&all, &named(None, None), &SCALE).unwrap().number, 1);
    assert_eq!(choose(&all, &named(None, Some(0x8d)), &ANY).unwrap().number, 1);
    let (fault, detail) = choose(&all, &named(None, None), &ANY).unwrap_err();
    assert_eq!(fault, Fault::Ambiguous);
    assert!(detail.contains("?page=") && detail.contains("01, 8c, 8d"), "{detail}");
}

#[test]
fn a_device_that_only_types_is_no_scanner_of_reports_and_says_what_to_do() {
    let all = [one(0, None, &[KEYBOARD])];
    let (fault, detail) = choose(&all, &named(None, None), &SCANNER).unwrap_err();
    assert_eq!(fault, Fault::WrongKind);
    assert!(detail.contains("pages are 01") && detail.contains("HID POS"), "{detail}");
    let (fault, detail) = choose(&all, &named(None, Some(0x8c)), &SCANNER).unwrap_err();
    assert_eq!(fault, Fault::WrongKind);
    assert!(detail.contains("no usage page 8c"), "{detail}");
}

#[test]
fn twins_without_serial_numbers_are_never_guessed_between() {
    let all = [one(0, None, &[CODES]), one(0, None, &[CODES])];
    assert_eq!(choose(&all, &named(None, None), &SCANNER).unwrap_err().0, Fault::Ambiguous);
}

#[test]
fn the_page_of_stripe_readers_goes_before_a_makers_own() {
    let own = [one(0, None, &[(0xff00, 1)]), one(1, None, &[(0x8e, 1)])];
    assert_eq!(choose(&own, &named(None, None), &STRIPE_READER).unwrap().number, 1);
    assert_eq!(choose(&own[..1], &named(None, None), &STRIPE_READER).unwrap().number, 0);
}

#[test]
fn a_missing_permission_is_answered_with_the_rule_that_grants_it() {
    let remedy = permission_remedy(0x05f9, 0x22ab);
    assert!(remedy.contains(r#"KERNELS=="*:05F9:22AB.*""#) && remedy.contains("hidraw"), "{remedy}");
}

async fn opened(bus: &Arc<FakeBus>) -> Result<Opened, TransportError> {
    let system: Arc<dyn System> = Arc::clone(bus) as _;
    open(&system, &"hid://05f9:2206".parse().unwrap(), &SCANNER).await
}

#[tokio::test]
async fn each_read_gives_one_report_whole() {
    let bus = Arc::new(FakeBus::default());
    bus.plug(one(0, None, &[CODES]), &[]);
    let mut stream = opened(&bus).await.unwrap().stream;
    bus.report(&[2; 64]);
    bus.report(&[3; 6]);
    let mut buf = [0; 4096];
    assert_eq!(stream.read(&mut buf).await.unwrap(), 64);
    assert_eq!(stream.read(&mut buf).await.unwrap(), 6);
    bus.report(&[2; 64]);
    let error = stream.read(&mut buf[..63]).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
    assert!(stream.write(&[0]).await.is_err());
}

#[tokio::test]
async fn a_device_that_is_unplugged_ends_the_stream_at_once() {
    let bus = Arc::new(FakeBus::default());
    bus.plug(one(0, None, &[CODES]), &[]);
    let mut stream = opened(&bus).await.unwrap().stream;
    let mut buf = [0; 64];
    let (read, ()) = tokio::join!(stream.read(&mut buf), async { bus.unplug() });
    assert!(!matches!(read, Ok(1..)), "{read:?}");
    let error = opened(&bus).await.err().unwrap();
    assert_eq!(error.fault, Fault::Missing);
}

#[tokio::test]
async fn the_report_that_enables_a_scanner_goes_to_those_that_have_it_and_no_others() {
    let bus = Arc::new(FakeBus::default());
    bus.plug(one(0, None, &[CODES]), &[0x85, 0x02, 0x81, 0x02]);
    opened(&bus).await.unwrap();
    assert_eq!(bus.features(), Vec::<Vec<u8>>::new());
    bus.unplug();
    bus.plug(one(0, None, &[CODES]), &[0x85, 0x02, 0x81, 0x02, 0x85, 0xfe, 0xb1, 0x02]);
    opened(&bus).await.unwrap();
    assert_eq!(bus.features(), [[0xfe, 1]]);
}
