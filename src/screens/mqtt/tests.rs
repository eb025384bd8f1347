use proptest::prelude::*;

use super::*;

fn connect(version: u8) -> Connect {
    Connect {
        version,
        clean: true,
        keep_alive: 30,
        client_id: "screen-grill".into(),
        user: Some("grill".into()),
        password: Some(Bytes::from_static(b"secret")),
        session_expiry: if version == 5 { 3600 } else { 0 },
        receive_maximum: (version == 5).then_some(20),
        packet_maximum: None,
    }
}

fn framed(first: u8, rest: &[u8]) -> Bytes {
    packet(first, rest)
}

#[test]
fn a_connect_is_read_as_it_was_written() {
    for version in [4, 5] {
        let written = connect(version).write();
        assert!(Connect::read(&written).unwrap() == connect(version), "version {version}");
    }
}

#[test]
fn a_will_is_refused() {
    let mut written = connect(5).write().to_vec();
    // The flags follow the header, the protocol's name and its version.
    written[9] |= 0x04;
    assert_eq!(Connect::read(&Bytes::from(written)).err().unwrap().reason, reason::NOT_AUTHORIZED);
}

#[test]
fn a_packet_is_cut_out_of_what_has_come_once_it_is_whole() {
    let whole = connect(5).write();
    let mut buffer = BytesMut::new();
    for byte in &whole[..whole.len() - 1] {
        buffer.put_u8(*byte);
        assert_eq!(next_packet(&mut buffer, LARGEST), Ok(None));
    }
    buffer.put_u8(whole[whole.len() - 1]);
    buffer.put_slice(&[0xc0, 0]);
    assert_eq!(next_packet(&mut buffer, LARGEST), Ok(Some(whole)));
    assert_eq!(next_packet(&mut buffer, LARGEST), Ok(Some(Bytes::from_static(&[0xc0, 0]))));
}

#[test]
fn a_packet_that_is_too_large_is_refused_before_it_has_come() {
    let mut buffer = BytesMut::from(&[0x32, 0xff, 0xff, 0xff, 0x7f][..]);
    assert_eq!(next_packet(&mut buffer, LARGEST).unwrap_err().reason, reason::TOO_LARGE);
    let mut buffer = BytesMut::from(&[0x32, 0xff, 0xff, 0xff, 0xff][..]);
    assert_eq!(next_packet(&mut buffer, LARGEST).unwrap_err().reason, reason::MALFORMED);
}

#[test]
fn topics_of_publish_and_subscribe_are_read() {
    let publish = framed(0x33, b"\x00\x03a/b\x00\x07\x00payload");
    let read = Publish::read(&publish, 5).unwrap();
    assert_eq!(read, Publish { topic: "a/b".into(), qos: 1, retain: true, id: 7 });
    assert_eq!(acknowledgement(&read), Some(Bytes::from_static(&[0x40, 2, 0, 7])));
    let subscribe = framed(0x82, b"\x00\x01\x00\x00\x03a/+\x01\x00\x01#\x02");
    assert_eq!(filters(&subscribe, 5), Ok(vec![("a/+".into(), 1), ("#".into(), 2)]));
}

#[test]
fn an_alias_or_a_topic_for_the_answer_is_refused() {
    for properties in [&b"\x03\x23\x00\x01"[..], &b"\x04\x08\x00\x01x"[..]] {
        let rest = [&b"\x00\x01a\x00\x07"[..], properties, b"payload"].concat();
        let wrong = Publish::read(&framed(0x32, &rest), 5).unwrap_err();
        assert_eq!(wrong.reason, reason::NOT_AUTHORIZED);
    }
}

proptest! {
    #[test]
    fn garbage_is_refused_and_never_more(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let whole = Bytes::from(bytes.clone());
        let mut buffer = BytesMut::from(&bytes[..]);
        while let Ok(Some(packet)) = next_packet(&mut buffer, LARGEST) {
            prop_assert!(!packet.is_empty());
        }
        for version in [4, 5] {
            drop(Connect::read(&whole));
            drop(Publish::read(&whole, version));
            drop(Publish::of_broker(&whole));
            drop(filters(&whole, version));
        }
    }
}
