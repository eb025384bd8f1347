use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use outlet_simulators::reader::keyboard::{GroupSeparator, Speed, type_text};

use super::fake::{FakeBox, node};
use super::*;

const SCANNER: (u16, u16) = (0x0c2e, 0x0200);

fn scanner(serial: Option<&str>, device: &str) -> Node {
    node(SCANNER.0, SCANNER.1, serial, device)
}

fn chosen(all: &[Node], serial: Option<&str>) -> Result<Vec<PathBuf>, Obstacle> {
    let nodes = choose(all, SCANNER.0, SCANNER.1, serial)?;
    Ok(nodes.into_iter().map(|node| node.path.clone()).collect())
}

#[test]
fn only_the_named_device_is_taken() {
    let all =
        [node(0x046d, 0xc31c, None, "event0"), scanner(Some("A"), "event1"), scanner(Some("B"), "event2")];
    assert_eq!(chosen(&all, Some("B")).unwrap(), [Path::new("/dev/input/event2")]);
    assert_eq!(chosen(&all[..2], None).unwrap(), [Path::new("/dev/input/event1")]);
    let (fault, detail) = chosen(&all, Some("C")).unwrap_err();
    assert_eq!(fault, Fault::Missing);
    assert!(detail.contains("0c2e:0200/A, 0c2e:0200/B"), "{detail}");
    assert_eq!(chosen(&all[..1], None).unwrap_err().0, Fault::Missing);
}

#[test]
fn where_several_devices_fit_none_is_taken() {
    let all = [scanner(Some("A"), "event1"), scanner(None, "event2")];
    assert_eq!(chosen(&all, None).unwrap_err().0, Fault::Ambiguous);
    let twins = [scanner(Some("A"), "event1"), scanner(Some("A"), "event2")];
    let (fault, detail) = chosen(&twins, Some("A")).unwrap_err();
    assert_eq!(fault, Fault::Ambiguous);
    assert!(detail.contains("serial numbers are the same"), "{detail}");
}

#[test]
fn all_nodes_of_a_device_that_type_are_taken_and_its_others_are_not() {
    let path = |name: &str| PathBuf::from(format!("/dev/input/{name}"));
    let of_one = |name: &str, types| Node { path: path(name), types, ..scanner(None, "usb1") };
    let all = [of_one("event4", true), of_one("event5", false), of_one("event6", true)];
    assert_eq!(chosen(&all, None).unwrap(), [path("event4"), path("event6")]);
    let (fault, detail) = chosen(&all[1..2], None).unwrap_err();
    assert_eq!(fault, Fault::WrongKind);
    assert!(detail.contains("keyboard emulation"), "{detail}");
}

/// A tree as sysfs has it: a USB scanner with two interfaces, the keyboard of the PC, a uinput device.
fn sysfs(root: &Path) {
    let input = |folder: &str, event: &str, [bus, vendor, product]: [&str; 3], uniq: &str, keys: &str| {
        let input = root.join("devices").join(folder);
        fs::create_dir_all(input.join("id")).unwrap();
        fs::create_dir_all(input.join("capabilities")).unwrap();
        for (name, value) in [
            ("id/bustype", bus),
            ("id/vendor", vendor),
            ("id/product", product),
            ("uniq", uniq),
            ("name", "Maker Thing"),
            ("capabilities/key", keys),
        ] {
            fs::write(input.join(name), format!("{value}\n")).unwrap();
        }
        fs::create_dir_all(root.join("class").join(event)).unwrap();
        std::os::unix::fs::symlink(&input, root.join("class").join(event).join("device")).unwrap();
    };
    // The bitmaps of a USB keyboard, of its volume keys, and of an AT keyboard, as /proc/bus/input/devices of a PC
    // shows them.
    let keyboard = "1000000000007 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe";
    let volume = "3f000301ff 0 0 0 0 483ffff17aff32d bfd4444600000000 1 130ff38b17c007 ffff7bfad941dfff ffbeffdfffefffff \
                  fffffffffffffffe";
    let buttons = "10000000000000 0";
    fs::create_dir_all(root.join("devices/pci/usb1/1-2/1-2:1.0/0003:0C2E:0200.0001")).unwrap();
    fs::write(root.join("devices/pci/usb1/1-2/idVendor"), "0c2e\n").unwrap();
    input("pci/usb1/1-2/1-2:1.0/hid1/input/input7", "event7", ["0003", "0c2e", "0200"], "S1", keyboard);
    input("pci/usb1/1-2/1-2:1.1/hid2/input/input8", "event8", ["0003", "0c2e", "0200"], "S1", volume);
    input("platform/i8042/input/input0", "event10", ["0011", "0001", "0001"], "", keyboard);
    input("virtual/input/input1", "event0", ["0003", "0c2e", "0200"], "", keyboard);
    input("virtual/input/input2", "event1", ["0019", "0000", "0001"], "", buttons);
    fs::create_dir_all(root.join("class/mouse0")).unwrap();
}

#[test]
fn sysfs_tells_which_nodes_are_one_device_and_which_of_them_type() {
    let root = std::env::temp_dir().join(format!("outlet-evdev-{}", std::process::id()));
    sysfs(&root);
    let found = nodes(&root.join("class"), Path::new("/dev/input"));
    fs::remove_dir_all(&root).unwrap();
    let paths: Vec<_> = found.iter().map(|node| node.path.to_str().unwrap()).collect();
    assert_eq!(
        paths,
        [
            "/dev/input/event0",
            "/dev/input/event1",
            "/dev/input/event7",
            "/dev/input/event8",
            "/dev/input/event10"
        ]
    );
    let [uinput, buttons, scanner, volume, pc] = &found[..] else { panic!("{found:?}") };
    assert_eq!((scanner.vendor, scanner.product, scanner.serial.as_deref()), (0x0c2e, 0x0200, Some("S1")));
    assert_eq!(scanner.device, volume.device);
    assert!(scanner.device.ends_with("usb1/1-2"), "{:?}", scanner.device);
    assert_ne!(scanner.device, uinput.device);
    assert_eq!((uinput.serial.as_deref(), pc.bus), (None, 0x11));
    assert!(scanner.types && pc.types && !buttons.types);
    // A twin of the scanner, made by uinput, is there: it has to be named by its serial number.
    assert_eq!(chosen(&found, None).unwrap_err().0, Fault::Ambiguous);
    assert!(chosen(&found, Some("S1")).unwrap().contains(&PathBuf::from("/dev/input/event7")));
}

async fn grabbed(keyboards: &Arc<FakeBox>) -> Result<Keyboard, TransportError> {
    let system: Arc<dyn System> = Arc::clone(keyboards) as _;
    open(&system, &"evdev://0c2e:0200".parse().unwrap()).await
}

#[tokio::test]
async fn keys_come_with_the_times_of_the_kernel_and_only_keys_do() {
    let keyboards = Arc::new(FakeBox::default());
    keyboards.plug(scanner(None, "event1"));
    let mut keyboard = grabbed(&keyboards).await.unwrap();
    keyboards.type_keys(&type_text("A\r", Speed::Scanner, GroupSeparator::Dropped).unwrap());
    let mut keys = Vec::new();
    for _ in 0..6 {
        let Input::Key(key) = keyboard.next().await.unwrap() else { panic!() };
        keys.push((key.code, key.value, key.at_ms));
    }
    // input-event-codes.h: 42 left Shift, 30 A, 28 Enter.
    assert_eq!(keys, [(42, 1, 0), (30, 1, 0), (30, 0, 0), (42, 0, 0), (28, 1, 1), (28, 0, 1)]);
}

#[test]
fn where_the_kernel_dropped_events_nothing_counts_up_to_the_next_report() {
    let mut decoder = Decoder::default();
    let mut take = |kind, code, value| decoder.take(Event { kind, code, value, at: Duration::ZERO });
    assert!(matches!(take(1, 2, 1), Some(Input::Key(_))));
    assert_eq!(take(0, 3, 0), Some(Input::Lost));
    assert_eq!(take(1, 3, 1), None);
    assert_eq!(take(0, 3, 0), None);
    assert_eq!(take(0, 0, 0), None);
    assert!(matches!(take(1, 4, 1), Some(Input::Key(KeyEvent { code: 4, .. }))));
}

#[test]
fn a_clock_that_is_set_back_makes_no_pause() {
    let mut decoder = Decoder::default();
    let mut at = |ms| match decoder.take(Event { kind: 1, code: 2, value: 1, at: Duration::from_millis(ms) })
    {
        Some(Input::Key(key)) => key.at_ms,
        other => panic!("{other:?}"),
    };
    let start = at(50_000);
    assert_eq!(at(50_020) - start, 20);
    assert_eq!(at(10_000) - start, 20);
    assert_eq!(at(10_005) - start, 25);
}

#[tokio::test]
async fn a_dropped_device_is_let_go_and_a_failed_opening_holds_nothing() {
    let keyboards = Arc::new(FakeBox::default());
    keyboards.plug(Node { device: "usb1".into(), ..scanner(None, "event1") });
    keyboards.plug(Node { device: "usb1".into(), ..scanner(None, "event2") });
    let keyboard = grabbed(&keyboards).await.unwrap();
    assert_eq!(keyboards.grabbed(), ["/dev/input/event1", "/dev/input/event2"]);
    drop(keyboard);
    assert_eq!(keyboards.grabbed(), Vec::<String>::new());
    keyboards.obstruct("event2", Fault::KeyHeld);
    let error = grabbed(&keyboards).await.err().unwrap();
    assert_eq!(error.fault, Fault::KeyHeld);
    assert!(error.to_string().contains("let its keys go"), "{error}");
    assert_eq!(keyboards.grabbed(), Vec::<String>::new());
}

#[tokio::test]
async fn unplugging_ends_it_at_once() {
    let keyboards = Arc::new(FakeBox::default());
    keyboards.plug(scanner(None, "event1"));
    let mut keyboard = grabbed(&keyboards).await.unwrap();
    let (lost, ()) = tokio::join!(keyboard.next(), async { keyboards.unplug() });
    assert_eq!(lost.unwrap_err().to_string(), "the device was unplugged");
    assert_eq!(grabbed(&keyboards).await.err().unwrap().fault, Fault::Missing);
}
