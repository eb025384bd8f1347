//! What holds for all data, however they are cut.

use core::time::Duration;

use outlet_protocols::atol::bcd;
use outlet_protocols::atol::fuzz::any_bytes;
use outlet_protocols::atol::task::{Item, Task};
use outlet_protocols::atol::text;
use outlet_protocols::atol::tlv::{Tlv, list};
use outlet_protocols::atol::{wire2, wire3};
use proptest::collection::vec;
use proptest::prelude::*;
use wire3::{CrcOver, Damage, Event, Packet};

/// Bytes among which those with a meaning on the wire are likely.
fn wire_bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    let special =
        prop::sample::select(vec![0xfe, 0xfd, 0xee, 0xed, 0x10, 0x02, 0x03, 0x04, 0x05, 0x06, 0x15]);
    vec(prop_oneof![special, any::<u8>()], 0..most)
}

/// The bytes cut at these places.
fn cut(bytes: &[u8], lengths: &[usize]) -> Vec<Vec<u8>> {
    let mut rest = bytes;
    let mut pieces = Vec::new();
    for &length in lengths.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (piece, after) = rest.split_at(length.min(rest.len()));
        pieces.push(piece.to_vec());
        rest = after;
    }
    pieces
}

fn pieces() -> impl Strategy<Value = Vec<usize>> {
    vec(1..9usize, 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn packets_come_back_from_any_pieces(
        sent in vec((prop_oneof![0..=0xdfu8, Just(0xf0)], wire_bytes(300), vec(0..0xfeu8, 0..4)), 1..6),
        lengths in pieces(),
        stuffed in any::<bool>(),
    ) {
        let crc = if stuffed { CrcOver::Stuffed } else { CrcOver::Data };
        let mut wire = Vec::new();
        let mut packets = Vec::new();
        for (id, data, noise) in sent {
            let packet = Packet { id, data };
            wire.extend(packet.encode(crc).unwrap());
            wire.extend(noise);
            packets.push(Ok(packet));
        }
        let mut receiver = wire3::Receiver::new(crc);
        let read: Vec<_> = cut(&wire, &lengths).iter().flat_map(|piece| receiver.received(piece)).collect();
        prop_assert_eq!(read, packets);
    }

    #[test]
    fn one_wrong_byte_is_always_noticed(
        data in vec(0..0xfdu8, 1..40), at in any::<prop::sample::Index>(), wrong in 0..0xfdu8,
    ) {
        let packet = Packet { id: 9, data };
        let at = at.index(packet.data.len());
        prop_assume!(packet.data[at] != wrong);
        let mut wire = packet.encode(CrcOver::Data).unwrap();
        wire[4 + at] = wrong;
        let next = Packet { id: 1, data: vec![0xa1] };
        wire.extend(next.encode(CrcOver::Data).unwrap());
        let read = wire3::Receiver::new(CrcOver::Data).received(&wire);
        prop_assert_eq!(read, vec![Err(Damage::Crc), Ok(next)]);
    }

    #[test]
    fn a_host_hears_every_answer_and_every_message(
        talk in vec((wire_bytes(40), proptest::option::of(wire_bytes(20))), 1..8), lengths in pieces(), first in 0..=0xdfu8,
    ) {
        let mut host = wire3::Host::new(first, CrcOver::Data);
        for (data, message) in talk {
            let request = host.send(&data).unwrap();
            let answer = [&[0xa3], data.as_slice()].concat();
            let mut wire = Vec::new();
            let mut expected = Vec::new();
            if let Some(message) = message {
                wire.extend(Packet { id: wire3::ASYNC, data: message.clone() }.encode(CrcOver::Data).unwrap());
                expected.push(Event::Async(message));
            }
            wire.extend(Packet { id: request[3], data: answer.clone() }.encode(CrcOver::Data).unwrap());
            expected.push(Event::Answer(answer));
            let events: Vec<_> = cut(&wire, &lengths).iter().flat_map(|piece| host.received(piece)).collect();
            prop_assert_eq!(events, expected);
            prop_assert_eq!(host.waiting(), None);
        }
    }

    #[test]
    fn frames_come_back_from_any_pieces(
        data in wire_bytes(300), noise in vec(3..=255u8, 0..4), lengths in pieces(),
    ) {
        let wire = [noise, wire2::encode(&data).unwrap()].concat();
        let mut receiver = wire2::Receiver::default();
        let read: Vec<_> = cut(&wire, &lengths).iter().filter_map(|piece| receiver.received(piece)).collect();
        prop_assert_eq!(read, vec![Ok(data)]);
    }

    #[test]
    fn an_exchange_of_frames_ends_with_its_answer(
        data in wire_bytes(60), answer in wire_bytes(60), lengths in pieces(),
        naks in 0..5usize, damaged in 0..5usize,
    ) {
        let mut host = wire2::Host::default();
        host.send(&data, Duration::from_secs(1)).unwrap();
        let mut back = vec![0x06];
        back.extend(std::iter::repeat_n(0x15, naks));
        back.extend([0x06, 0x05]);
        let good = wire2::encode(&answer).unwrap();
        let (crc, body) = good.split_last().unwrap();
        for _ in 0..damaged {
            back.extend_from_slice(body);
            back.push(crc ^ 1);
        }
        back.extend_from_slice(&good);
        back.push(0x04);
        let outputs: Vec<_> = cut(&back, &lengths).iter().flat_map(|piece| host.received(piece)).collect();
        prop_assert_eq!(outputs.last(), Some(&wire2::Output::Answer(answer)));
        let frame = wire2::Output::Transmit(wire2::encode(&data).unwrap());
        prop_assert_eq!(outputs.iter().filter(|output| **output == frame).count(), 1 + naks);
    }

    #[test]
    fn numbers_come_back_from_their_digits(value in 0..10_000_000_000i64, size in 5..8usize) {
        let mut digits = Vec::new();
        bcd::put(value, size, &mut digits).unwrap();
        prop_assert_eq!(digits.len(), size);
        prop_assert_eq!(bcd::get(&digits), Some(value));
    }

    #[test]
    fn digits_are_those_a_person_writes(value in 0..10_000_000_000i64) {
        let mut digits = Vec::new();
        bcd::put(value, 5, &mut digits).unwrap();
        let written: String = digits.iter().map(|byte| format!("{byte:02x}")).collect();
        prop_assert_eq!(written, format!("{value:010}"));
    }

    #[test]
    fn texts_of_the_region_come_back(line in "[а-яА-ЯёЁ0-9a-zA-Z .,!№$€-]{0,128}") {
        let bytes = text::encode(&line).unwrap();
        prop_assert_eq!(bytes.len(), line.chars().count());
        prop_assert_eq!(text::decode(&bytes), line);
    }

    #[test]
    fn no_text_becomes_a_control_byte(line in "\\PC{0,60}|.{0,60}") {
        if let Ok(bytes) = text::encode(&line) {
            prop_assert!(bytes.iter().all(|byte| *byte >= 0x20 && *byte != 0x7f), "{bytes:02x?}");
        }
    }

    #[test]
    fn an_item_is_refused_or_as_long_as_its_name(
        name in "[а-я ]{0,140}", price in any::<i64>(), quantity in any::<i64>(), discount in any::<i64>(),
    ) {
        let length = name.chars().count();
        let item = Item { name, price, quantity, cost: 1, discount, ..Item::default() };
        if let Ok(bytes) = Task::EndItem(item).encode(0) {
            prop_assert_eq!(bytes.len(), 44 + length);
            prop_assert!(length <= 128 && price >= 0 && quantity % 1000 == 0);
        }
    }

    #[test]
    fn attributes_come_back(values in vec((any::<u16>(), vec(any::<u8>(), 0..30)), 0..8)) {
        let attributes: Vec<Tlv> = values.into_iter().map(|(tag, value)| Tlv { tag, value }).collect();
        let mut bytes = Vec::new();
        for attribute in &attributes {
            attribute.encode(&mut bytes).unwrap();
        }
        prop_assert_eq!(list(&bytes), Ok(attributes.clone()));
        let nested = Tlv::nested(1059, &attributes).unwrap();
        prop_assert_eq!(nested.children(), Ok(attributes));
    }

    #[test]
    fn numbers_of_attributes_come_back(value in any::<u64>()) {
        let attribute = Tlv::vln(1020, value);
        prop_assert_eq!(attribute.as_number(), Some(value));
        prop_assert!(value == 0 || attribute.value.last() != Some(&0), "no leading zeros");
    }

    #[test]
    fn nothing_panics_and_what_is_read_can_be_written(data in wire_bytes(200)) {
        prop_assert_eq!(any_bytes(&data), Ok(()));
    }
}
