//! Packets of version 3.

use outlet_protocols::atol::wire3::{CrcOver, Damage, Event, Host, LAST_ID, Packet, PacketError, Receiver};

use crate::hex;

fn packet(id: u8, data: &str) -> Packet {
    Packet { id, data: hex(data) }
}

/// The first three from the facts sheet on ATOL registers, "Wire, protocol v3", with the Add of id 2;
/// the last two from kurbatov/atol4j `TransportProtocolV3Test`: a packet without data, and a state that
/// comes by itself and whose CRC is FE and therefore stuffed.
const GOLDEN: [(u8, &str, &str); 6] = [
    (0x06, "C4", "FE 01 00 06 C4 58"),
    (0x07, "C1 01 02 00 00 A5", "FE 06 00 07 C1 01 02 00 00 A5 8D"),
    (0x08, "C3 02", "FE 02 00 08 C3 02 FC"),
    (0x02, "C1 01 02 00 00 A5", "FE 06 00 02 C1 01 02 00 00 A5 93"),
    (0x01, "", "FE 00 00 01 9D"),
    (0xf0, "A6 57 55 00 00", "FE 05 00 F0 A6 57 55 00 00 FD EE"),
];

#[test]
fn golden_packets_are_written_as_they_stand() {
    for (id, data, wire) in GOLDEN {
        assert_eq!(packet(id, data).encode(CrcOver::Data), Ok(hex(wire)), "{wire}");
    }
}

#[test]
fn golden_packets_are_read_byte_by_byte() {
    for (id, data, wire) in GOLDEN {
        let mut receiver = Receiver::new(CrcOver::Data);
        let bytes = hex(wire);
        let (last, first) = bytes.split_last().unwrap();
        for byte in first {
            assert_eq!(receiver.received(&[*byte]), [], "{wire}");
        }
        assert_eq!(receiver.received(&[*last]), [Ok(packet(id, data))], "{wire}");
    }
}

// The CRCs were counted by another implementation of the same polynomial.
#[test]
fn fe_and_fd_are_stuffed_and_the_crc_runs_over_either_form() {
    let data = packet(3, "FE FD 00");
    let over_data = hex("FE 03 00 03 FD EE FD ED 00 1E");
    let over_stuffed = hex("FE 03 00 03 FD EE FD ED 00 12");
    assert_eq!(data.encode(CrcOver::Data), Ok(over_data.clone()));
    assert_eq!(data.encode(CrcOver::Stuffed), Ok(over_stuffed.clone()));
    assert_eq!(Receiver::new(CrcOver::Data).received(&over_data), [Ok(data.clone())]);
    assert_eq!(Receiver::new(CrcOver::Stuffed).received(&over_stuffed), [Ok(data)]);
    assert_eq!(Receiver::new(CrcOver::Data).received(&over_stuffed), [Err(Damage::Crc)]);
    assert_eq!(Receiver::new(CrcOver::Stuffed).received(&over_data), [Err(Damage::Crc)]);
}

#[test]
fn the_length_has_seven_bits_in_each_byte() {
    let bytes = Packet { id: 1, data: vec![0; 200] }.encode(CrcOver::Data).unwrap();
    assert_eq!(bytes.get(..4), Some(&[0xfe, 0x48, 0x01, 0x01][..]));
}

#[test]
fn what_no_packet_can_be_is_refused() {
    let long = Packet { id: 0, data: vec![0; 0x4000] };
    assert_eq!(long.encode(CrcOver::Data), Err(PacketError::TooLong(0x4000)));
    for id in [0xe0, 0xef, 0xf1, 0xfe] {
        assert_eq!(packet(id, "").encode(CrcOver::Data), Err(PacketError::Id(id)));
    }
}

#[test]
fn noise_between_packets_is_skipped() {
    let wire = [hex("00 FD EE 55"), hex("FE 01 00 06 C4 58"), hex("12"), hex("FE 00 00 01 9D")].concat();
    let read = Receiver::new(CrcOver::Data).received(&wire);
    assert_eq!(read, [Ok(packet(6, "C4")), Ok(packet(1, ""))]);
}

#[test]
fn a_packet_that_breaks_off_costs_only_itself() {
    let mut receiver = Receiver::new(CrcOver::Data);
    assert_eq!(receiver.received(&hex("FE 06 00 07 C1 01")), []);
    let read = receiver.received(&hex("FE 01 00 06 C4 58"));
    assert_eq!(read, [Err(Damage::BrokenOff), Ok(packet(6, "C4"))]);
}

#[test]
fn heads_and_stuffing_that_can_not_be_are_malformed() {
    for wire in ["FE 80", "FE 01 80", "FE 01 00 E0", "FE 01 00 06 FD 00"] {
        assert_eq!(Receiver::new(CrcOver::Data).received(&hex(wire)), [Err(Damage::Malformed)], "{wire}");
    }
}

#[test]
fn an_answer_belongs_to_the_request_of_its_id() {
    let mut host = Host::new(6, CrcOver::Data);
    assert_eq!(host.send(&hex("C4")), Ok(hex("FE 01 00 06 C4 58")));
    assert_eq!(host.waiting(), Some(6));
    let stranger = Packet { id: 5, data: hex("A2") };
    let answer = Packet { id: 6, data: hex("A3") };
    let wire = [&stranger, &answer].map(|packet| packet.encode(CrcOver::Data).unwrap()).concat();
    assert_eq!(host.received(&wire), [Event::Late(stranger), Event::Answer(hex("A3"))]);
    assert_eq!(host.waiting(), None);
    let twice = answer.encode(CrcOver::Data).unwrap();
    assert_eq!(host.received(&twice), [Event::Late(answer)], "the same once more answers nothing");
}

#[test]
fn a_message_of_the_registers_own_comes_between_request_and_answer() {
    let mut host = Host::new(0, CrcOver::Data);
    host.send(&hex("C3 02")).unwrap();
    let wire = [hex("FE 05 00 F0 A6 57 55 00 00 FD EE"), packet(0, "A2").encode(CrcOver::Data).unwrap()];
    let events = host.received(&wire.concat());
    assert_eq!(events, [Event::Async(hex("A6 57 55 00 00")), Event::Answer(hex("A2"))]);
}

#[test]
fn ids_go_from_00_to_df() {
    let mut host = Host::new(LAST_ID, CrcOver::Data);
    let ids: Vec<u8> = (0..3).filter_map(|_| host.send(&[0xc4]).unwrap().get(3).copied()).collect();
    assert_eq!(ids, [0xdf, 0, 1]);
    assert_eq!(Host::new(0xf0, CrcOver::Data).next_id(), 0, "a first id that is none");
}

#[test]
fn the_register_may_ask_for_a_packet_again_but_not_for_ever() {
    let mut host = Host::new(1, CrcOver::Data);
    let request = host.send(&hex("C3 02")).unwrap();
    let asks = hex("FE 00 00 01 9D");
    for _ in 0..3 {
        assert_eq!(host.received(&asks), [Event::Transmit(request.clone())]);
    }
    assert_eq!(host.received(&asks), [Event::Damaged(Damage::Unheard)]);
}

#[test]
fn a_damaged_answer_is_told_and_still_awaited() {
    let mut host = Host::new(1, CrcOver::Data);
    host.send(&hex("C3 02")).unwrap();
    assert_eq!(host.received(&hex("FE 01 00 01 A3 00")), [Event::Damaged(Damage::Crc)]);
    assert_eq!(host.waiting(), Some(1));
}
