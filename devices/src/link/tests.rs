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
fn a_label_scale_needs_no_port_when_it_is_1111() {
    assert_eq!(link("udp://10.0.0.40"), Link::Udp { host: "10.0.0.40".into(), port: 1111 });
    assert_eq!(link("udp://[FE80::1]:2000").to_string(), "udp://[fe80::1]:2000");
    assert!(refusal("udp://").contains("udp://10.0.0.40:1111"));
    let (over_tcp, over_udp) = (link("tcp://10.0.0.40:1111"), link("udp://10.0.0.40:1111"));
    assert!(!over_tcp.claim().conflicts(&over_udp.claim()), "they are two ports");
    assert!(over_udp.claim().conflicts(&link("udp://10.0.0.40").claim()));
    assert_eq!(over_udp.claim().to_string(), "UDP port 1111 of 10.0.0.40");
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
fn a_hid_device_may_be_named_down_to_its_usage_page() {
    let expected =
        Link::Hid { vendor: 0x05e0, product: 0x1200, serial: Some("S 1/2?".into()), page: Some(0x8c) };
    assert_eq!(link("hid://05E0:1200/S%201%2F2%3F?page=8C"), expected);
    assert_eq!(expected.to_string(), "hid://05e0:1200/S%201%2F2%3F?page=8c");
    assert_eq!(link("hid://05e0:1200").to_string(), "hid://05e0:1200");
    assert_eq!(link("hid://05e0:1200?page=ff00").to_string(), "hid://05e0:1200?page=ff00");
    for wrong in ["hid://05e0:1200?page=", "hid://05e0:1200?page=+8c", "hid://05e0:1200?usage=8c"] {
        assert!(refusal(wrong).contains("page=8c"), "{wrong}");
    }
    assert!(refusal("hid://5e0:1200").contains("hid://05e0:1200/"));
    assert!(refusal("hid:///dev/hidraw0").contains("four hexadecimal digits"));
}

#[test]
fn a_device_that_types_is_named_as_a_usb_device_is() {
    let expected = Link::Evdev { vendor: 0x0c2e, product: 0x0200, serial: Some("17".into()) };
    assert_eq!(link("evdev://0c2e:0200/17"), expected);
    assert_eq!(link("evdev://0C2E:0200").to_string(), "evdev://0c2e:0200");
    assert!(refusal("evdev:///dev/input/event3").contains("evdev://05e0:1200/"));
}

#[test]
fn a_pcsc_reader_is_named_as_pcsc_names_it() {
    let expected = Link::Pcsc { reader: "ACS ACR122U 00 00".into() };
    assert_eq!(link("pcsc://ACS%20ACR122U%2000%2000"), expected);
    assert_eq!(link("pcsc://ACS ACR122U 00 00"), expected);
    assert_eq!(expected.to_string(), "pcsc://ACS%20ACR122U%2000%2000");
    assert!(refusal("pcsc://").contains("names no reader"));
    assert!(refusal("pcsc://A%0AB").contains("names no reader"));
}

#[test]
fn a_queue_needs_neither_its_port_nor_its_usual_name() {
    let queue = |host: &str, port, path: &str| Link::Ipp { host: host.into(), port, path: path.into() };
    assert_eq!(link("ipp://Office.local"), queue("office.local", 631, "/ipp/print"));
    assert_eq!(link("ipp://10.0.0.30:8631/printers/A4"), queue("10.0.0.30", 8631, "/printers/A4"));
    assert_eq!(link("ipp://[fe80::1]/ipp/print").to_string(), "ipp://[fe80::1]:631/ipp/print");
    assert_eq!(link("ipp://10.0.0.30/").to_string(), "ipp://10.0.0.30:631/");
    assert_eq!(link("ipp://a/%D0%901").to_string(), "ipp://a:631/%D0%901");
    assert!(refusal("ipp:///ipp/print").contains("ipp://10.0.0.30"));
    assert!(refusal("ipp://a:0/ipp/print").contains("1 to 65535"));
    assert!(refusal("ipp://a/ipp?x=1").contains("names no queue"));
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

#[test]
fn a_scanner_and_a_scale_in_one_housing_are_two_claims_when_their_pages_are_named() {
    let page = |query: &str| link(&format!("hid://05f9:2206/A{query}")).claim();
    assert!(!page("?page=8c").conflicts(&page("?page=8d")));
    assert!(page("").conflicts(&page("?page=8d")));
    assert!(page("?page=8d").conflicts(&page("?page=8d")));
    assert!(!page("").conflicts(&link("hid://05f9:2206/B").claim()));
    assert!(page("").conflicts(&link("hid://05f9:2206").claim()));
    assert!(link("evdev://05f9:2206").claim().conflicts(&link("evdev://05f9:2206/A").claim()));
    assert!(!link("evdev://05f9:2206/A").claim().conflicts(&page("")));
}

#[test]
fn one_reader_and_one_queue_belong_to_one_device() {
    assert!(link("pcsc://A%20B").claim().conflicts(&link("pcsc://A B").claim()));
    assert!(link("ipp://A").claim().conflicts(&link("ipp://a:631/ipp/print").claim()));
    assert!(!link("ipp://a/one").claim().conflicts(&link("ipp://a/two").claim()));
}

proptest::proptest! {
    #[test]
    fn every_serial_number_survives_the_round_trip(vendor: u16, product: u16, serial in "\\PC{1,20}") {
        let serial = Some(serial);
        let hid = Link::Hid { vendor, product, serial: serial.clone(), page: Some(product) };
        for made in [Link::Usb { vendor, product, serial: serial.clone() }, hid, Link::Evdev { vendor, product, serial }] {
            proptest::prop_assert_eq!(&made.to_string().parse::<Link>().unwrap(), &made);
        }
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "(tcp|serial|usb|usblp|hid|evdev|pcsc|ipp)://\\PC{0,30}") {
        if let Ok(link) = text.parse::<Link>() {
            proptest::prop_assert_eq!(link.to_string().parse::<Link>().unwrap(), link);
        }
    }
}
