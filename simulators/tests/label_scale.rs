//! Label-printing scales: lists of items over UDP and TCP, and what goes wrong on the way.

use std::net::SocketAddr;

use outlet_simulators::label_scale::{Event, Fault, LabelScale, ScaleItem, ScaleSpec};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};

/// Command 57h as the document lays it out, with its fields by hand.
#[derive(Clone)]
struct Item {
    password: [u8; 4],
    plu: u16,
    code: u32,
    name: [&'static [u8]; 2],
    price: u32,
    shelf: u16,
    tare: u16,
    group: u16,
    message: u16,
    kind: u8,
    date: [u8; 3],
}

impl Item {
    fn new(plu: u16) -> Self {
        Self {
            password: *b"0030",
            plu,
            code: 12345,
            // "Сыр" and "Гауда" in CP1251.
            name: [b"\xd1\xfb\xf0", b"\xc3\xe0\xf3\xe4\xe0"],
            price: 89_990,
            shelf: 30,
            tare: 5,
            group: 7,
            message: 0,
            kind: 0,
            date: [0, 0, 0],
        }
    }

    fn record(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend(self.plu.to_le_bytes());
        out.extend(self.code.to_le_bytes());
        for line in self.name {
            let mut line = line.to_vec();
            line.resize(28, b' ');
            out.extend(line);
        }
        out.extend(self.price.to_le_bytes());
        for field in [self.shelf, self.tare, self.group, self.message] {
            out.extend(field.to_le_bytes());
        }
        out.push(self.kind);
        out.extend(b"    ");
        out.extend(self.date);
        out
    }

    fn command(&self) -> Vec<u8> {
        [&[0x57][..], &self.password, &self.record()].concat()
    }

    fn datagram(&self) -> Vec<u8> {
        datagram(&self.command())
    }
}

fn datagram(command: &[u8]) -> Vec<u8> {
    [&[0x02, command.len() as u8][..], command].concat()
}

fn mertech(command: &[u8]) -> Vec<u8> {
    let length = (command.len() as u32 + 2).to_le_bytes();
    [&length[..], &[0x02, command.len().min(255) as u8], command].concat()
}

fn shtrih() -> LabelScale {
    LabelScale::new(ScaleSpec::shtrih_print())
}

#[test]
fn an_item_is_stored_with_its_name_in_cp1251() {
    let scale = shtrih();
    let item = Item { kind: 0x80, date: [28, 2, 27], ..Item::new(1) };
    assert_eq!(item.datagram()[..3], [0x02, 87, 0x57], "the document's length");
    assert_eq!(scale.feed(&item.datagram()), [0x02, 0x02, 0x57, 0x00]);
    assert_eq!(
        scale.item(1),
        Some(ScaleItem {
            plu: 1,
            code: 12345,
            name: ["Сыр".into(), "Гауда".into()],
            price: 89_990,
            formats: 0,
            shelf_days: 30,
            tare: 5,
            group: 7,
            message: 0,
            image: 0,
            piece: true,
            certificate: String::new(),
            sell_by: Some([28, 2, 27]),
        })
    );
    assert!(scale.violations().is_empty());
}

#[test]
fn every_wrong_field_has_its_error() {
    let good = Item::new(1);
    let cases = [
        (Item { plu: 0, ..good.clone() }, 128),
        (Item { plu: 4001, ..good.clone() }, 128),
        (Item { code: 0, ..good.clone() }, 130),
        (Item { code: 1_000_000, ..good.clone() }, 130),
        (Item { price: 1_000_000, ..good.clone() }, 131),
        (Item { shelf: 10_000, ..good.clone() }, 132),
        (Item { tare: 1501, ..good.clone() }, 133),
        (Item { group: 10_000, ..good.clone() }, 134),
        (Item { message: 1001, ..good.clone() }, 135),
        (Item { kind: 0x03, ..good.clone() }, 136),
        (Item { date: [31, 2, 27], ..good.clone() }, 142),
        (Item { date: [1, 13, 27], ..good.clone() }, 142),
        (Item { password: *b"1111", ..good }, 122),
    ];
    for (item, error) in cases {
        let scale = shtrih();
        assert_eq!(scale.feed(&item.datagram()), [0x02, 0x02, 0x57, error]);
        assert!(scale.items().is_empty());
    }
}

#[test]
fn five_wrong_passwords_close_the_scale_until_its_power_goes() {
    let scale = shtrih();
    let wrong = Item { password: *b"9999", ..Item::new(1) };
    for _ in 0..5 {
        assert_eq!(scale.feed(&wrong.datagram())[3], 122);
    }
    assert_eq!(scale.feed(&Item::new(1).datagram())[3], 170);
    scale.inject(Fault::PowerOff);
    scale.inject(Fault::PowerOn);
    assert_eq!(scale.feed(&Item::new(1).datagram())[3], 0);
}

#[test]
fn unknown_commands_and_wrong_lengths_have_their_errors() {
    let scale = shtrih();
    assert_eq!(scale.feed(&datagram(b"\xEE0030")), [0x02, 0x02, 0xEE, 120]);
    assert_eq!(scale.feed(&datagram(b"\x760030x")), [0x02, 0x02, 0x76, 121]);
    // A length that isn't that of the datagram is no message at all.
    assert_eq!(scale.feed(b"\x02\x09\x760030"), [0x15]);
    assert_eq!(scale.violations().len(), 1);
}

#[test]
fn an_item_is_read_back_as_it_was_written_and_removed() {
    let scale = shtrih();
    let item = Item { kind: 0x81, ..Item::new(300) };
    scale.feed(&item.datagram());
    let read = datagram(b"\x580030\x2c\x01");
    let answer = scale.feed(&read);
    assert_eq!(answer[..4], [0x02, 82, 0x58, 0]);
    assert_eq!(answer[4..], item.record()[2..]);
    assert_eq!(scale.feed(&datagram(b"\x540030\x2c\x01")), [0x02, 0x02, 0x54, 0]);
    assert_eq!(scale.feed(&read), [0x02, 0x02, 0x58, 140], "empty");
}

#[test]
fn the_short_form_of_an_item_has_neither_kind_nor_date() {
    let scale = shtrih();
    let record = Item::new(2).record();
    let command = [&b"\x500030"[..], &record[..79]].concat();
    assert_eq!(command.len(), 84, "the document's length");
    assert_eq!(scale.feed(&datagram(&command)), [0x02, 0x02, 0x50, 0]);
    let answer = scale.feed(&datagram(b"\x510030\x02\x00"));
    assert_eq!(answer[..4], [0x02, 79, 0x51, 0]);
    assert_eq!(answer[4..], record[2..79]);
}

#[test]
fn a_block_stops_at_the_item_that_is_wrong_and_names_it() {
    let scale = shtrih();
    let block = |items: &[Item]| {
        let mut command = b"\x550030".to_vec();
        command.push(items.len() as u8);
        items.iter().for_each(|item| command.extend(item.record()));
        // The document: the length of this command is always FF.
        [&[0x02, 0xFF][..], &command].concat()
    };
    let answer = scale.feed(&block(&[Item::new(1), Item::new(2), Item::new(3), Item::new(4)]));
    assert_eq!(answer, [0x02, 0x04, 0x55, 0, 4, 0]);
    let wrong = Item { code: 0, ..Item::new(6) };
    let answer = scale.feed(&block(&[Item::new(5), wrong, Item::new(7), Item::new(8)]));
    assert_eq!(answer, [0x02, 0x04, 0x55, 130, 6, 0]);
    assert_eq!(scale.items().iter().map(|item| item.plu).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
}

#[test]
fn prefixes_are_read_and_set_and_never_the_same() {
    let scale = shtrih();
    assert_eq!(scale.feed(&datagram(b"\x760030")), [0x02, 0x05, 0x76, 0, 20, 21, 0]);
    assert_eq!(scale.feed(&datagram(b"\x770030\x00\x16")), [0x02, 0x02, 0x77, 0]);
    assert_eq!(scale.prefixes(), [22, 21, 0]);
    assert_eq!(scale.feed(&datagram(b"\x770030\x01\x16"))[3], 100);
    assert_eq!(scale.feed(&datagram(b"\x770030\x02\x15"))[3], 105);
    assert_eq!(scale.feed(&datagram(b"\x770030\x00\x13"))[3], 111);
    assert_eq!(scale.feed(&datagram(b"\x770030\x01\x1e"))[3], 112);
    assert_eq!(scale.feed(&datagram(b"\x770030\x03\x16"))[3], 124);
}

#[test]
fn messages_sizes_and_the_kind_of_device_can_be_asked_for() {
    let scale = shtrih();
    let mut line = b"\x520030\x01\x00\x02Contains milk".to_vec();
    line.resize(58, b' ');
    assert_eq!(scale.feed(&datagram(&line)), [0x02, 0x02, 0x52, 0]);
    assert_eq!(scale.message(1, 2).as_deref(), Some("Contains milk"));
    assert_eq!(scale.feed(&datagram(b"\xD00030")), [0x02, 0x04, 0xD0, 0, 0xA0, 0x0F]);
    assert_eq!(scale.feed(&datagram(b"\xFC"))[..6], [0x02, 19, 0xFC, 0, 1, 1]);
    assert_eq!(scale.feed(&datagram(b"\x180030")), [0x02, 0x02, 0x18, 0]);
    assert_eq!(scale.message(1, 2), None);
}

#[test]
fn in_protocol_1_6_the_price_has_three_bytes() {
    let spec = ScaleSpec { formats: true, ..ScaleSpec::shtrih_print() };
    let scale = LabelScale::new(spec);
    let item = Item { price: 89_990 | 0x21 << 24, ..Item::new(1) };
    assert_eq!(scale.feed(&item.datagram())[3], 0);
    let stored = scale.item(1).unwrap();
    assert_eq!((stored.price, stored.formats), (89_990, 0x21));
    assert_eq!(shtrih().feed(&item.datagram())[3], 131, "in 1.3 it is a price");
}

#[test]
fn a_lost_command_stores_nothing_and_a_lost_answer_does() {
    let scale = shtrih();
    scale.inject(Fault::LoseCommands(1));
    assert_eq!(scale.feed(&Item::new(1).datagram()), [0; 0]);
    assert_eq!((scale.items().len(), scale.executed()), (0, 0));
    scale.inject(Fault::LoseAnswers(1));
    assert_eq!(scale.feed(&Item::new(1).datagram()), [0; 0]);
    assert_eq!(scale.items().len(), 1);
}

#[test]
fn a_doubled_datagram_is_executed_twice_and_a_doubled_answer_once() {
    let scale = shtrih();
    scale.inject(Fault::DoubleCommands(1));
    assert_eq!(scale.feed(&Item::new(1).datagram()), [2, 2, 0x57, 0, 2, 2, 0x57, 0]);
    assert_eq!(scale.executed(), 2);
    scale.inject(Fault::DoubleAnswers(1));
    assert_eq!(scale.feed(&Item::new(1).datagram()).len(), 8);
    assert_eq!(scale.executed(), 3);
}

#[test]
fn a_refusal_can_be_asked_for() {
    let scale = shtrih();
    scale.inject(Fault::Refuse { code: 123, times: 1 });
    assert_eq!(scale.feed(&Item::new(1).datagram())[3], 123);
    assert_eq!(scale.feed(&Item::new(1).datagram())[3], 0);
}

#[test]
fn a_reboot_in_a_list_keeps_what_was_stored() {
    let scale = shtrih();
    scale.inject(Fault::PowerOffAfter(2));
    let answered: Vec<bool> = (1..=4).map(|plu| !scale.feed(&Item::new(plu).datagram()).is_empty()).collect();
    assert_eq!(answered, [true, true, false, false]);
    scale.inject(Fault::PowerOn);
    assert_eq!(scale.items().len(), 2);
    assert_eq!(scale.feed(&Item::new(3).datagram())[3], 0);
}

#[test]
fn a_busy_scale_names_who_holds_it() {
    let scale = shtrih();
    scale.inject(Fault::Busy(1));
    // 192.0.2.1, second, first, fourth and third byte; port 1024.
    assert_eq!(scale.feed(&Item::new(1).datagram()), [0x0B, 0, 192, 1, 2, 0x00, 0x04]);
    assert!(scale.items().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_synchronised_answer_is_repeated_until_it_is_acknowledged() {
    let scale = shtrih();
    let (host, other) = (SocketAddr::from(([10, 1, 2, 3], 5000)), SocketAddr::from(([10, 1, 2, 4], 5000)));
    let clear = b"\x03\x05\x180030";
    assert_eq!(scale.feed_from(host, &[0x05]), [0x06], "ready");
    let answer = scale.feed_from(host, clear);
    assert_eq!(answer, [0x03, 0x02, 0x18, 0]);
    assert_eq!(scale.feed_from(other, &[0x05]), [0x0B, 1, 10, 3, 2, 0x88, 0x13]);
    assert_eq!(scale.feed_from(host, &[0x05]), [0x15], "it waits for ACK");
    tokio::time::advance(std::time::Duration::from_secs(1)).await;
    assert_eq!(scale.feed_from(host, &[0x05]), answer);
    assert_eq!(scale.feed_from(host, &[0x15]), [0; 0]);
    assert_eq!(scale.feed_from(host, &[0x05]), answer, "after NAK at once");
    assert_eq!(scale.feed_from(host, clear), [0x15], "not ready");
    assert_eq!(scale.feed_from(host, &[0x06]), [0; 0]);
    assert_eq!(scale.feed_from(host, &[0x05]), [0x06]);
    assert_eq!(scale.executed(), 1);
}

#[test]
fn an_item_in_synchronisation_mode_is_refused_unless_the_scale_takes_it() {
    let mut datagram = Item::new(1).datagram();
    datagram[0] = 0x03;
    assert_eq!(shtrih().feed(&datagram), [0x03, 0x02, 0x57, 167]);
    let scale = LabelScale::new(ScaleSpec { synchronises_all: true, ..ScaleSpec::shtrih_print() });
    assert_eq!(scale.feed(&datagram), [0x03, 0x02, 0x57, 0]);
}

#[tokio::test]
async fn a_list_goes_over_udp() {
    let scale = shtrih();
    let mut events = scale.events();
    let address = scale.serve_udp("127.0.0.1:0").await.unwrap();
    let host = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    host.connect(address).await.unwrap();
    let mut answer = [0; 64];
    for plu in 1..=20 {
        host.send(&Item::new(plu).datagram()).await.unwrap();
        let length = host.recv(&mut answer).await.unwrap();
        assert_eq!(answer[..length], [0x02, 0x02, 0x57, 0]);
    }
    assert_eq!(scale.items().len(), 20);
    assert!(matches!(events.recv().await, Ok(Event::Stored(item)) if item.plu == 1));
    scale.inject(Fault::LoseAnswers(1));
    host.send(&Item::new(21).datagram()).await.unwrap();
    scale.wait_items(|items| items.contains_key(&21)).await;
    assert!(scale.serve_tcp("127.0.0.1:0").await.is_err(), "no TCP here");
}

#[test]
fn mertech_puts_the_length_in_front_and_says_so_in_its_answers() {
    let scale = LabelScale::new(ScaleSpec::mertech());
    // The request of a recorded exchange, 04000000 02 02 FF 17, which isn't simulated: error 120.
    assert_eq!(scale.feed(&[4, 0, 0, 0, 2, 2, 0xFF, 0x17]), [4, 0, 0, 0, 2, 2, 0xFF, 120]);
    let item = Item { password: *b"1234", ..Item::new(65535) };
    assert_eq!(scale.feed(&mertech(&item.command())), [4, 0, 0, 0, 2, 2, 0x57, 0]);
    assert_eq!(scale.item(65535).unwrap().name[0], "Сыр");
    scale.inject(Fault::Busy(1));
    assert_eq!(scale.feed(&mertech(&item.command())), [4, 0, 0, 0, 2, 2, 0x57, 199]);
}

#[test]
fn mertech_takes_messages_in_pieces_and_several_at_once() {
    let item = Item { password: *b"1234", ..Item::new(1) };
    let two = [mertech(&item.command()), mertech(b"\x761234")].concat();
    for cut in 1..two.len() {
        let scale = LabelScale::new(ScaleSpec::mertech());
        let (head, tail) = two.split_at(cut);
        let said = [scale.feed(head), scale.feed(tail)].concat();
        assert_eq!(said, [4, 0, 0, 0, 2, 2, 0x57, 0, 7, 0, 0, 0, 2, 5, 0x76, 0, 20, 21, 0], "cut at {cut}");
    }
}

#[tokio::test]
async fn a_mertech_scale_that_reboots_answers_what_it_did_and_closes() {
    let scale = LabelScale::new(ScaleSpec::mertech());
    let address = scale.serve_tcp("127.0.0.1:0").await.unwrap();
    let mut host = TcpStream::connect(address).await.unwrap();
    scale.inject(Fault::PowerOffAfter(1));
    let item = |plu| mertech(&Item { password: *b"1234", ..Item::new(plu) }.command());
    host.write_all(&item(1)).await.unwrap();
    let mut said = Vec::new();
    host.read_to_end(&mut said).await.unwrap();
    assert_eq!(said, [4, 0, 0, 0, 2, 2, 0x57, 0]);
    assert!(TcpStream::connect(address).await.is_err() || scale.items().len() == 1);
    scale.inject(Fault::PowerOn);
    let mut host = loop {
        if let Ok(host) = TcpStream::connect(address).await {
            break host;
        }
        tokio::task::yield_now().await;
    };
    host.write_all(&item(2)).await.unwrap();
    scale.wait_executed(2).await;
    assert_eq!(scale.items().len(), 2);
}

#[tokio::test]
async fn a_message_of_absurd_length_closes_the_connection() {
    let scale = LabelScale::new(ScaleSpec::mertech());
    let address = scale.serve_tcp("127.0.0.1:0").await.unwrap();
    let mut host = TcpStream::connect(address).await.unwrap();
    host.write_all(&[0xFF; 8]).await.unwrap();
    let mut said = Vec::new();
    let _ = host.read_to_end(&mut said).await;
    assert_eq!((said.len(), scale.violations().len()), (0, 1));
}
