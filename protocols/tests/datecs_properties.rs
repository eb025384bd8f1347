//! What holds for every command, every answer, and every way its bytes may arrive.

mod datecs_support;

use datecs_support::answer;
use outlet_protocols::datecs::command::{Discount, Item, Look, Opening, Operator};
use outlet_protocols::datecs::frame::{Event, MOST_DATA, Reader};
use outlet_protocols::datecs::fuzz::any_bytes;
use outlet_protocols::datecs::{Dialect, Frame, Framing, Payment};
use proptest::collection::vec;
use proptest::prelude::*;

fn framing() -> impl Strategy<Value = Framing> {
    prop_oneof![Just(Framing::Wide), Just(Framing::Narrow)]
}

fn dialect() -> impl Strategy<Value = &'static Dialect> {
    prop::sample::select(&Dialect::ALL[..])
}

/// Bytes that may stand in data.
fn data() -> impl Strategy<Value = Vec<u8>> {
    vec(prop_oneof![9 => 0x20u8.., 1 => Just(b'\t'), 1 => Just(b'\n')], 0..=MOST_DATA)
}

/// An answer: framing, SEQ, command, data, status bytes.
fn answers() -> impl Strategy<Value = (Framing, u8, u16, Vec<u8>, Vec<u8>)> {
    framing().prop_flat_map(|framing| {
        let numbers = match framing {
            Framing::Wide => 0..=u16::MAX,
            Framing::Narrow => 0x20..=0xff,
        };
        // An answer has 218 bytes of data at most, in the narrow frame as many as its length can count.
        let most = if framing == Framing::Wide { 218 } else { 0xff - 0x20 - 11 };
        let data = vec(prop_oneof![9 => 0x20u8.., 1 => Just(b'\t')], 0..=most);
        let status = vec(0x80u8.., framing.status_length());
        (Just(framing), 0x20u8..=framing.last_seq(), numbers, data, status)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(256), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn frames_come_back_from_their_bytes(framing in framing(), seq in any::<u8>(), number in 0x20u16..=0xff, data in data()) {
        let seq = framing.next_seq(seq);
        let frame = Frame::new(framing, seq, number, &data).map_err(|e| TestCaseError::fail(e.to_string()))?;
        let restored = Frame::restore(framing, frame.bytes()).map_err(|e| TestCaseError::fail(e.to_string()))?;
        prop_assert_eq!(&restored, &frame);
        prop_assert_eq!((frame.seq(), frame.number(), frame.framing()), (seq, number, framing));
        // 01 begins it, 03 ends it, 05 stands before the checksum, and nowhere else.
        let body = &frame.bytes()[1..frame.bytes().len() - 6];
        prop_assert!(!body.iter().any(|b| matches!(b, 1 | 3 | 5 | 0x15 | 0x16)));
    }

    #[test]
    fn answers_in_random_pieces_are_read_as_sent(
        (framing, seq, number, data, status) in answers(),
        before in vec(prop_oneof![Just(0x16u8), Just(0x00), 0x20u8..], 0..8),
        cuts in vec(1usize..20, 1..40),
    ) {
        let mut bytes = before;
        bytes.extend(answer(framing, seq, number, &data, &status));
        bytes.push(0x16);
        let (mut reader, mut events) = (Reader::new(framing), Vec::new());
        let (mut rest, mut cuts) = (&bytes[..], cuts.iter().cycle());
        while !rest.is_empty() {
            let (piece, left) = rest.split_at(rest.len().min(*cuts.next().unwrap_or(&1)));
            reader.feed(piece, |event| events.push(event));
            rest = left;
        }
        let replies: Vec<_> = events.iter().filter_map(|e| match e { Event::Reply(r) => Some(r), _ => None }).collect();
        prop_assert_eq!(replies.len(), 1);
        prop_assert_eq!((replies[0].seq, replies[0].number), (seq, number));
        prop_assert_eq!(&replies[0].data, &data);
        prop_assert_eq!(replies[0].status.bytes(), &status[..]);
        prop_assert_eq!(events.last(), Some(&Event::Busy));
        prop_assert!(!reader.in_frame());
    }

    #[test]
    fn no_bytes_break_the_codec(bytes in vec(any::<u8>(), 0..300)) {
        any_bytes(&bytes);
    }

    #[test]
    fn no_bytes_that_look_like_frames_break_the_codec(
        choice in any::<u8>(),
        pieces in vec(prop_oneof![
            answers().prop_map(|(f, s, n, d, t)| answer(f, s, n, &d, &t)),
            vec(prop_oneof![Just(1u8), Just(3), Just(4), Just(5), Just(0x15), Just(0x16), 0x30u8..=0x3f, 0x80u8..], 1..20),
        ], 1..6),
    ) {
        let mut bytes = vec![choice];
        bytes.extend(pieces.concat());
        any_bytes(&bytes);
    }

    #[test]
    fn whatever_is_sold_fits_a_frame_or_is_refused(
        dialect in dialect(),
        name in "\\PC{0,90}|[a-zа-я ]{1,90}|[\\x00-\\x1f]{1,3}",
        unit in "[a-z]{0,9}",
        tax in prop_oneof![9 => proptest::char::range('A', 'H'), 1 => any::<char>()],
        price in prop_oneof![9 => 0i64..100_000_000, 1 => any::<i64>()],
        quantity in prop_oneof![9 => 1i64..100_000, 1 => any::<i64>()],
        discount in prop_oneof![Just(None), any::<i64>().prop_map(|n| Some(Discount::Sum(n))), (-10_000i64..10_000).prop_map(|n| Some(Discount::Percent(n)))],
        void in any::<bool>(),
    ) {
        let item = Item { name: &name, tax, price, quantity, void, discount, department: 0, unit: &unit };
        match dialect.item(&item) {
            Ok(command) => {
                let frame = command.frame(dialect.framing, 0x20);
                prop_assert!(frame.is_ok(), "{:?}", frame);
                // Nothing in a name can begin a new parameter.
                let tabs = command.data.iter().filter(|b| **b == b'\t').count();
                let expected = if dialect.framing == Framing::Narrow { 1..=1 } else { 7..=8 };
                prop_assert!(expected.contains(&tabs), "{} tabs", tabs);
            }
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }

    #[test]
    fn whatever_is_printed_or_paid_fits_a_frame_or_is_refused(
        dialect in dialect(),
        text in "\\PC{0,60}|[\\x00-\\x7f]{0,60}",
        bold in any::<bool>(),
        tall in any::<bool>(),
        amount in any::<i64>(),
        number in any::<u8>(),
        password in "[0-9]{0,9}|\\PC{0,4}",
        till in any::<u32>(),
        sale in prop::option::of("[0-9A-Za-z]{8}-[0-9A-Za-z]{4}-[0-9]{7}|\\PC{0,22}"),
        client in prop::option::of("\\PC{0,14}"),
    ) {
        let look = Look { bold, tall };
        let operator = Operator { number, password, till };
        let opening = Opening { operator: &operator, sale: sale.as_deref(), invoice: bold, client: client.as_deref() };
        let commands = [
            dialect.fiscal_text(&text, look),
            dialect.free_text(&text, look),
            dialect.payment(Payment::Cash, amount),
            dialect.cash_in(amount),
            dialect.cash_out(amount),
            dialect.subtotal(bold, tall, Some(Discount::Sum(amount))),
            dialect.open_receipt(&opening),
            dialect.variable(&text, till),
        ];
        for command in commands.into_iter().flatten() {
            let frame = command.frame(dialect.framing, 0x20);
            prop_assert!(frame.is_ok(), "{:?}: {:?}", command, frame);
        }
    }
}

/// How many cases a property is tried on: a usual number, or `PROPTEST_CASES`.
fn cases(usual: u32) -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|number| number.parse().ok()).unwrap_or(usual)
}
