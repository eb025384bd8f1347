//! What the kernel makes of the virtual devices. No driver takes part.

use std::fs::File;
use std::io::{ErrorKind, Read};

use evdev::uinput::VirtualDevice;
use evdev::{AttributeSet, BusType, EventType, InputEvent, InputId, KeyCode};
use hidapi::HidApi;
use outlet_simulators::hid::{HidDevice, HidReport, HidSpec, ReportKind};
use outlet_simulators::reader::Tracks;
use outlet_simulators::reader::hid::{MoreFlag, magtek, scanner};
use outlet_simulators::reader::keyboard::{GroupSeparator, KeyEvent, Speed, type_text};
use outlet_simulators::scale::{HidStatus, HidUnit, hid_report};

#[tokio::test]
#[ignore = "needs the machine of ./check"]
async fn reports_come_out_of_the_hidraw_node_as_they_were_sent() {
    let scale = hid_report(HidStatus::Stable, HidUnit::Gram, 0, 1550).to_vec();
    let code = scanner("]E0", b"4606224110059", MoreFlag::Byte63).remove(0).to_vec();
    let swipe = magtek(&Tracks::new("", ";4111111111111111=25121010000000000000?", "")).to_vec();
    for (spec, report) in
        [(HidSpec::scale(), scale), (HidSpec::scanner(), code), (HidSpec::stripe_reader(), swipe)]
    {
        let device = HidDevice::plug_in(&spec).await.unwrap();
        let mut node = File::open(device.hidraw()).unwrap();
        device.wait_state(|state| state.open).await;
        device.send(&report).unwrap();
        let mut got = [0; 512];
        let length = node.read(&mut got).unwrap();
        assert_eq!(got[..length], report[..], "{}", spec.name);
        assert_eq!(device.event_node(), None);
    }
}

#[tokio::test]
#[ignore = "needs the machine of ./check"]
async fn hidapi_finds_a_device_by_its_ids_serial_number_and_usage_page() {
    let device = HidDevice::plug_in(&HidSpec::scanner().serial("S1234")).await.unwrap();
    let api = HidApi::new().unwrap();
    let info = api.device_list().find(|info| info.path() == path(device.hidraw()).as_c_str()).unwrap();
    assert_eq!((info.vendor_id(), info.product_id(), info.usage_page()), (0x0c2e, 0x0b67, 0x8c));
    assert_eq!(info.serial_number(), Some("S1234"));
}

#[tokio::test]
#[ignore = "needs the machine of ./check"]
async fn feature_reports_are_set_asked_for_and_refused() {
    let device = HidDevice::plug_in(&HidSpec::scanner()).await.unwrap();
    let host = HidApi::new().unwrap().open_path(&path(device.hidraw())).unwrap();
    host.send_feature_report(&[0xFE, 0x01]).unwrap();
    assert_eq!(device.state().received, [HidReport { kind: ReportKind::Feature, bytes: vec![0xFE, 0x01] }]);
    let mut got = [0xFE, 0];
    assert_eq!(host.get_feature_report(&mut got).unwrap(), 2);
    assert_eq!(got, [0xFE, 0x01]);
    assert!(host.send_feature_report(&[0x33, 0x01]).is_err());
}

#[tokio::test]
#[ignore = "needs the machine of ./check"]
async fn what_a_wedge_types_comes_out_of_its_event_node() {
    let wedge = HidDevice::plug_in(&HidSpec::wedge().serial("W1")).await.unwrap();
    let mut node = evdev::Device::open(wedge.event_node().unwrap()).unwrap();
    assert_eq!((node.input_id().vendor(), node.input_id().product()), (0x05e0, 0x1200));
    assert_eq!(node.unique_name(), Some("W1"));
    let typed = keys("Ab-09?\n");
    wedge.press(&typed).await.unwrap();
    assert_eq!(read_keys(&mut node, strokes(&typed).len()), strokes(&typed));
}

#[tokio::test]
#[ignore = "needs the machine of ./check"]
async fn a_keyboard_of_uinput_types_the_same() {
    let mut keyboard = uinput_keyboard();
    let path = keyboard.enumerate_dev_nodes_blocking().unwrap().next().unwrap().unwrap();
    let mut node = evdev::Device::open(path).unwrap();
    let typed = keys("Ab-09?\n");
    let events: Vec<InputEvent> =
        typed.iter().map(|event| InputEvent::new(event.kind, event.code, event.value)).collect();
    keyboard.emit(&events).unwrap();
    assert_eq!(read_keys(&mut node, strokes(&typed).len()), strokes(&typed));
}

#[tokio::test]
#[ignore = "needs the machine of ./check"]
async fn a_grab_keeps_keys_from_every_other_reader_until_it_is_given_back() {
    let wedge = HidDevice::plug_in(&HidSpec::wedge()).await.unwrap();
    let mut first = evdev::Device::open(wedge.event_node().unwrap()).unwrap();
    let mut second = evdev::Device::open(wedge.event_node().unwrap()).unwrap();
    second.set_nonblocking(true).unwrap();
    first.grab().unwrap();
    assert_eq!(second.grab().unwrap_err().kind(), ErrorKind::ResourceBusy);
    let (secret, open) = (keys("1\n"), keys("2\n"));
    wedge.press(&secret).await.unwrap();
    assert_eq!(read_keys(&mut first, 4), strokes(&secret));
    assert_eq!(second.fetch_events().map(drop).unwrap_err().kind(), ErrorKind::WouldBlock);
    first.ungrab().unwrap();
    wedge.press(&open).await.unwrap();
    assert_eq!(read_keys(&mut second, 4), strokes(&open));
}

#[tokio::test]
#[ignore = "needs the machine of ./check"]
async fn a_device_that_is_unplugged_is_gone_and_its_readers_are_told() {
    let wedge = HidDevice::plug_in(&HidSpec::wedge()).await.unwrap();
    let (hidraw, event) = (wedge.hidraw().to_owned(), wedge.event_node().unwrap().to_owned());
    let mut reports = File::open(&hidraw).unwrap();
    let mut keys = evdev::Device::open(&event).unwrap();
    wedge.unplug();
    assert!(!hidraw.exists() && !event.exists());
    assert!(reports.read(&mut [0; 8]).is_err());
    assert!(keys.fetch_events().is_err());
}

/// A keyboard with every key, and no HID device behind it.
fn uinput_keyboard() -> VirtualDevice {
    let keys: AttributeSet<KeyCode> = (1..128).map(KeyCode::new).collect();
    let builder = VirtualDevice::builder().unwrap().name("Virtual keyboard");
    builder
        .input_id(InputId::new(BusType::BUS_USB, 0x046d, 0xc31d, 1))
        .with_keys(&keys)
        .unwrap()
        .build()
        .unwrap()
}

fn keys(text: &str) -> Vec<KeyEvent> {
    type_text(text, Speed::Scanner, GroupSeparator::Dropped).unwrap()
}

/// Codes and values of the keys in events.
fn strokes(events: &[KeyEvent]) -> Vec<(u16, i32)> {
    events.iter().filter(|event| event.kind == 1).map(|event| (event.code, event.value)).collect()
}

/// The next so many keys that go down or up.
fn read_keys(node: &mut evdev::Device, count: usize) -> Vec<(u16, i32)> {
    let mut got = Vec::new();
    while got.len() < count {
        let events = node.fetch_events().unwrap().filter(|event| event.event_type() == EventType::KEY);
        got.extend(events.map(|event| (event.code(), event.value())));
    }
    got
}

fn path(node: &std::path::Path) -> std::ffi::CString {
    std::ffi::CString::new(node.to_str().unwrap()).unwrap()
}
