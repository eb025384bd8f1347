use super::*;

fn link(text: &str) -> Link {
    text.parse().unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn refusal(text: &str) -> String {
    text.parse::<Link>().expect_err(text).to_string()
}

#[test]
fn a_network_printer_needs_no_port_when_it_is_9100() {
    assert_eq!(link("tcp://10.0.0.20"), Link::Tcp { host: "10.0.0.20".into(), port: 9100 });
    assert_eq!(link("tcp://Kitchen.local:9101").to_string(), "tcp://kitchen.local:9101");
}

#[test]
fn ipv6_addresses_stand_in_brackets() {
    assert_eq!(link("tcp://[fe80::1]:9100"), Link::Tcp { host: "fe80::1".into(), port: 9100 });
    assert_eq!(link("tcp://[::1]").to_string(), "tcp://[::1]:9100");
    assert!(refusal("tcp://fe80::1").contains("tcp://10.0.0.20:9100"));
}

#[test]
fn a_serial_link_is_written_out_in_full() {
    assert_eq!(
        link("serial:///dev/ttyUSB0").to_string(),
        "serial:///dev/ttyUSB0?baud=9600&parity=none&data=8&stop=1&flow=none"
    );
    assert_eq!(
        link("serial:///dev/ttyS1?flow=hardware&parity=even&baud=115200&stop=2&data=7").to_string(),
        "serial:///dev/ttyS1?baud=115200&parity=even&data=7&stop=2&flow=hardware"
    );
}

#[test]
fn a_usb_printer_is_named_by_vendor_product_and_serial_number() {
    let expected = Link::Usb { vendor: 0x04b8, product: 0x0e28, serial: Some("J3XY 01/2%".into()) };
    assert_eq!(link("usb://04B8:0e28/J3XY%2001%2F2%25"), expected);
    assert_eq!(expected.to_string(), "usb://04b8:0e28/J3XY%2001%2F2%25");
    assert_eq!(link("usb://04b8:0e28").to_string(), "usb://04b8:0e28");
    assert_eq!(link("usb://04b8:0e28/").to_string(), "usb://04b8:0e28");
}

#[test]
fn a_wrong_link_is_answered_with_a_right_one() {
    assert!(refusal("10.0.0.20:9100").contains("tcp://10.0.0.20:9100"));
    assert!(refusal("http://10.0.0.20").contains("tcp://"));
    assert!(refusal("tcp://").contains("names no host"));
    assert!(refusal("tcp://a b").contains("names no host"));
    assert!(refusal("tcp://printer:0").contains("1 to 65535"));
    assert!(refusal("tcp://printer:65536").contains("1 to 65535"));
    assert!(refusal("serial://ttyUSB0").contains("serial:///dev/ttyUSB0"));
    assert!(refusal("serial:///dev/ttyS0?baud=12").contains("300 to 921600"));
    assert!(refusal("serial:///dev/ttyS0?baud=9600&baud=19200").contains("twice"));
    assert!(refusal("serial:///dev/ttyS0?parity=mark").contains("none, even or odd"));
    assert!(refusal("serial:///dev/ttyS0?speed=9600").contains("baud, parity, data, stop and flow"));
    assert!(refusal("usb:///dev/bus/usb/001/002").contains("usb://04b8:0e28"));
    assert!(refusal("usb://4b8:e28").contains("four hexadecimal digits"));
    assert!(refusal("usblp://lp0").contains("usblp:///dev/usb/lp0"));
}

#[test]
fn two_devices_on_one_port_claim_the_same() {
    assert!(link("tcp://printer").claim().conflicts(&link("tcp://PRINTER:9100").claim()));
    assert!(!link("tcp://printer").claim().conflicts(&link("tcp://printer:9101").claim()));
    let (slow, fast) = (link("serial:///dev/ttyS0"), link("serial:///dev/ttyS0?baud=115200"));
    assert!(slow.claim().conflicts(&fast.claim()));
}

#[test]
fn a_tty_under_two_names_is_one_port() {
    let folder = std::env::temp_dir().join(format!("outlet-link-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (tty, by_id) = (folder.join("ttyUSB0"), folder.join("usb-FTDI-if00"));
    std::fs::write(&tty, "").unwrap();
    std::os::unix::fs::symlink(&tty, &by_id).unwrap();
    let claim = |path: &Path| link(&format!("serial://{}", path.display())).claim();
    assert!(claim(&tty).conflicts(&claim(&by_id)));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_usb_claim_without_a_serial_number_takes_any_such_device() {
    let any = link("usb://04b8:0e28").claim();
    let (one, two) = (link("usb://04b8:0e28/A").claim(), link("usb://04b8:0e28/B").claim());
    assert!(any.conflicts(&one) && two.conflicts(&any));
    assert!(!one.conflicts(&two));
    assert!(!any.conflicts(&link("usb://0519:0e28").claim()));
}

proptest::proptest! {
    #[test]
    fn every_serial_number_survives_the_round_trip(vendor: u16, product: u16, serial in "\\PC{1,20}") {
        let made = Link::Usb { vendor, product, serial: Some(serial) };
        proptest::prop_assert_eq!(&made.to_string().parse::<Link>().unwrap(), &made);
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "(tcp|serial|usb|usblp)://\\PC{0,30}") {
        if let Ok(link) = text.parse::<Link>() {
            proptest::prop_assert_eq!(link.to_string().parse::<Link>().unwrap(), link);
        }
    }
}
