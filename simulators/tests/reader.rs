//! Readers: what they say, and what becomes of it on their line.

use std::time::Duration;

use outlet_simulators::reader::hid::{self, MoreFlag};
use outlet_simulators::reader::keyboard::{GroupSeparator, NoKey, Speed, type_text};
use outlet_simulators::reader::{
    BarcodeScanner, Event, Fault, RfidCard, RfidReader, ScannerFormat, StripeFormat, StripeReader, Suffix,
    Tracks, lrc,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const BANK_TRACK: &str = ";4111111111111111=25121010000000000000?";

async fn over_tcp(scanner: &BarcodeScanner) -> TcpStream {
    let address = scanner.line().serve_tcp("127.0.0.1:0").await.expect("a port");
    let host = TcpStream::connect(address).await.expect("a connection");
    scanner.line().wait_state(|line| line.connected).await;
    host
}

async fn read(host: &mut (impl AsyncReadExt + Unpin), length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    host.read_exact(&mut bytes).await.expect("bytes");
    bytes
}

async fn open(path: &std::path::Path) -> tokio::fs::File {
    tokio::fs::OpenOptions::new().read(true).write(true).open(path).await.expect("a device behind the path")
}

#[test]
fn a_scanner_wraps_its_codes_as_it_was_configured() {
    let plain = ScannerFormat { suffix: Suffix::None, aim: false, framed: false };
    assert_eq!(plain.wrap("]E0", b"4606224110059"), b"4606224110059");
    let full = ScannerFormat { suffix: Suffix::Cr, aim: true, framed: true };
    assert_eq!(full.wrap("]E0", b"4606224110059"), b"\x02]E04606224110059\r\x03");
    assert_eq!(ScannerFormat::default().wrap("", b"1"), b"1\r\n");
}

#[tokio::test]
async fn codes_come_over_tcp_with_every_byte_as_it_is() {
    let scanner = BarcodeScanner::new(ScannerFormat { aim: true, ..ScannerFormat::default() });
    let mut host = over_tcp(&scanner).await;
    scanner.scan_as("]d2", b"0104600439931256215JgXJ5.T\x1d93dGVz");
    assert_eq!(read(&mut host, 38).await, b"]d20104600439931256215JgXJ5.T\x1d93dGVz\r\n");
}

#[tokio::test(start_paused = true)]
async fn a_torn_code_comes_whole_and_its_rest_only_after_the_pause() {
    let scanner = BarcodeScanner::new(ScannerFormat::default());
    let mut host = over_tcp(&scanner).await;
    scanner.line().inject(Fault::Torn { at: 6, pause: Duration::from_millis(300) });
    let start = tokio::time::Instant::now();
    scanner.scan("4606224110059");
    assert_eq!(read(&mut host, 15).await, b"4606224110059\r\n");
    // The clock of the test stands still but for the pause.
    assert!(start.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn joined_codes_leave_only_with_the_last_of_them() {
    let scanner = BarcodeScanner::new(ScannerFormat::default());
    let mut host = over_tcp(&scanner).await;
    scanner.line().inject(Fault::Joined(2));
    scanner.scan("111");
    assert_eq!(scanner.line().state().waiting, 0);
    scanner.scan("222");
    assert_eq!(read(&mut host, 10).await, b"111\r\n222\r\n");
}

#[tokio::test]
async fn noise_and_silence_strike_one_code_each() {
    let scanner = BarcodeScanner::new(ScannerFormat::default());
    let mut host = over_tcp(&scanner).await;
    scanner.line().inject(Fault::Noise(vec![0xFF, 0x00]));
    scanner.line().inject(Fault::SilentAfter(2));
    scanner.scan("111");
    scanner.scan("222");
    scanner.scan("333");
    assert_eq!(read(&mut host, 14).await, b"\xFF\x00111\r\n22333\r\n");
}

#[tokio::test]
async fn a_flood_comes_in_order_and_complete() {
    let scanner = BarcodeScanner::new(ScannerFormat { suffix: Suffix::Lf, ..ScannerFormat::default() });
    let mut host = over_tcp(&scanner).await;
    let codes: Vec<String> = (0..10_000).map(|n| format!("{n:013}")).collect();
    scanner.flood(&codes, 100_000);
    let came = read(&mut host, 10_000 * 14).await;
    let lines: Vec<&[u8]> = came.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    assert!(lines.iter().zip(&codes).all(|(line, code)| *line == code.as_bytes()));
    assert_eq!(lines.len(), 10_000);
}

#[tokio::test]
async fn a_flood_nobody_reads_is_bounded() {
    let scanner = BarcodeScanner::new(ScannerFormat::default());
    let _host = over_tcp(&scanner).await;
    scanner.line().flood((0..600).map(|_| vec![b'1'; 100_000]), 1);
    let state = scanner.line().state();
    assert!(state.waiting <= 16 << 20, "{state:?}");
    assert!(state.lost > 400, "{state:?}");
}

#[tokio::test]
async fn a_code_of_three_kilobytes_is_one_code() {
    let scanner = BarcodeScanner::new(ScannerFormat::default());
    let mut host = over_tcp(&scanner).await;
    let code = vec![b'7'; 3 << 10];
    scanner.scan(&code);
    assert_eq!(read(&mut host, code.len() + 2).await, [code, b"\r\n".to_vec()].concat());
}

#[test]
fn without_a_host_a_code_is_lost_and_said_to_be() {
    let scanner = BarcodeScanner::new(ScannerFormat::default());
    let mut events = scanner.line().events();
    scanner.scan("111");
    assert_eq!(events.try_recv(), Ok(Event::Lost(b"111\r\n".to_vec())));
    assert_eq!((scanner.line().state().said, scanner.line().state().lost), (1, 1));
}

#[tokio::test]
async fn an_unplugged_reader_is_gone_and_comes_back_at_the_same_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scanner");
    let scanner = BarcodeScanner::new(ScannerFormat::default());
    scanner.line().serve_pty(&path).unwrap();
    scanner.line().wait_state(|line| line.connected).await;
    let mut host = open(&path).await;
    scanner.scan("111");
    assert_eq!(read(&mut host, 5).await, b"111\r\n");

    scanner.line().inject(Fault::Unplug);
    scanner.line().wait_state(|line| !line.connected).await;
    assert!(!path.exists());
    let mut rest = Vec::new();
    let _ = host.read_to_end(&mut rest).await;
    assert!(rest.is_empty());

    scanner.line().inject(Fault::Replug);
    scanner.line().wait_state(|line| line.connected).await;
    let mut host = open(&path).await;
    scanner.scan("222");
    assert_eq!(read(&mut host, 5).await, b"222\r\n");
    host.write_all(b"\x16T\r").await.unwrap();
    host.flush().await.unwrap();
    scanner.line().wait_state(|line| line.waiting == 0).await;
}

#[test]
fn an_rfid_reader_says_what_was_recorded() {
    // Lines of the facts sheet on cards.
    assert_eq!(RfidCard::EmMarine([0x55, 0x00, 0x7E, 0xE4, 0x24]).text(), "Em-Marine[5500] 126,58404");
    assert_eq!(
        RfidCard::Mifare1k([0x24, 0x54, 0x8A, 0xAC]).text(),
        "Mifare[24548AAC] 1K (0004,08) 138,21540"
    );
}

#[tokio::test]
async fn a_card_comes_and_goes() {
    let reader = RfidReader::new();
    let address = reader.line().serve_tcp("127.0.0.1:0").await.unwrap();
    let mut host = TcpStream::connect(address).await.unwrap();
    reader.line().wait_state(|line| line.connected).await;
    reader.present(RfidCard::EmMarine([0x55, 0x00, 0x7E, 0xE4, 0x24]));
    reader.remove();
    assert_eq!(read(&mut host, 36).await, b"Em-Marine[5500] 126,58404\r\nNo card\r\n");
}

#[test]
fn the_lrc_of_a_track_is_that_of_the_sheet() {
    assert_eq!(lrc(BANK_TRACK), '8');
    let both = StripeFormat::Plain { lrc: true }.wrap(&Tracks::new("", BANK_TRACK, ""));
    assert_eq!(both, format!("{BANK_TRACK}8\r").into_bytes());
}

#[test]
fn securemag_frames_its_data_with_length_xor_and_sum() {
    let frame = StripeFormat::SecureMag.wrap(&Tracks::new("", ";12?", ""));
    // One track of four characters, the second. XOR 00^17^00^04^00^3B^31^32^3F = 14,
    // sum 00+17+00+04+00+3B+31+32+3F = F8, by hand.
    assert_eq!(frame, [2, 9, 0, 0x00, 0x17, 0, 4, 0, b';', b'1', b'2', b'?', 0x14, 0xF8, 3]);
}

#[tokio::test]
async fn a_stripe_reader_gives_all_tracks_of_a_swipe() {
    let reader = StripeReader::new(StripeFormat::Plain { lrc: false });
    let address = reader.line().serve_tcp("127.0.0.1:0").await.unwrap();
    let mut host = TcpStream::connect(address).await.unwrap();
    reader.line().wait_state(|line| line.connected).await;
    reader.swipe(&Tracks::new("%B1^A^2512?", ";1=2512?", ""));
    assert_eq!(read(&mut host, 20).await, b"%B1^A^2512?;1=2512?\r");
}

#[test]
fn a_hid_scanner_splits_a_long_code_as_the_manual_shows() {
    // Access-IS LSR118 product manual, appendix B.1.1: a boarding pass of 60 characters.
    let pass = b"M1GATHERGOOD/MICHAEL  YABCDEF LHRDURAK 3542 052Y003D23  1234";
    assert_eq!(pass.len(), 60);
    let reports = hid::scanner("]Q0", pass, MoreFlag::Byte63);
    assert_eq!(reports.len(), 2);
    assert_eq!(reports[0][..5], [0x02, 0x38, 0x5D, 0x51, 0x30]);
    assert_eq!(reports[0][5..61], pass[..56]);
    assert_eq!(reports[0][63], 1);
    assert_eq!(reports[1][..5], [0x02, 0x04, 0x5D, 0x51, 0x30]);
    assert_eq!(&reports[1][5..9], b"1234");
    assert!(reports[1][9..].iter().all(|byte| *byte == 0));
    let shifted = hid::scanner("]Q0", pass, MoreFlag::Byte62);
    assert_eq!((shifted[0][62], shifted[0][63]), (1, 0));
}

#[test]
fn a_magtek_report_has_its_tracks_where_the_sheet_says() {
    let tracks = Tracks::new("%B1^A^2512?", BANK_TRACK, "");
    let report = hid::magtek(&tracks);
    assert_eq!(report.len(), 337);
    assert_eq!(report[..7], [0, 0, 0, 11, 39, 0, 0]);
    assert_eq!(&report[7..18], b"%B1^A^2512?");
    assert_eq!(&report[117..156], BANK_TRACK.as_bytes());
    let misread = hid::magtek_misread(&tracks, &[1]);
    assert_eq!(misread[..6], [1, 0, 0, 0, 39, 0]);
}

#[test]
fn a_wedge_presses_shift_around_capitals_and_ends_with_enter() {
    let events = type_text("aB\n", Speed::Scanner, GroupSeparator::Dropped).unwrap();
    let keys: Vec<(u16, i32)> =
        events.iter().filter(|event| event.kind == 1).map(|event| (event.code, event.value)).collect();
    // KEY_A 30, KEY_LEFTSHIFT 42, KEY_B 48, KEY_ENTER 28.
    assert_eq!(keys, [(30, 1), (30, 0), (42, 1), (48, 1), (48, 0), (42, 0), (28, 1), (28, 0)]);
    assert_eq!(events.iter().filter(|event| event.kind == 0).count(), keys.len(), "a report each");
    // MSC_SCAN of A is usage 04 of page 07.
    assert_eq!((events[0].kind, events[0].code, events[0].value), (4, 4, 0x70004));
    assert_eq!(events.last().unwrap().at, Duration::from_millis(2));
}

#[test]
fn a_person_types_slowly_and_what_has_no_key_is_an_error() {
    let events = type_text("12", Speed::Person, GroupSeparator::Dropped).unwrap();
    assert_eq!(events.last().unwrap().at, Duration::from_millis(120));
    assert_eq!(type_text("Чай", Speed::Person, GroupSeparator::Dropped), Err(NoKey('Ч')));
}

#[test]
fn a_wedge_drops_or_remaps_the_group_separator() {
    let pressed = |separator| -> Vec<u16> {
        let events = type_text("1\x1d2", Speed::Scanner, separator).unwrap();
        events.iter().filter(|event| event.kind == 1 && event.value == 1).map(|event| event.code).collect()
    };
    assert_eq!(pressed(GroupSeparator::Dropped), [2, 3]);
    assert_eq!(pressed(GroupSeparator::ControlBracket), [2, 29, 27, 3]);
    assert_eq!(pressed(GroupSeparator::F8), [2, 66, 3]);
}

#[test]
fn an_event_is_24_bytes_as_linux_has_them() {
    let mut events = type_text("1", Speed::Each(Duration::from_secs(2)), GroupSeparator::Dropped).unwrap();
    let mut key = events.remove(1);
    key.at = Duration::new(3, 5_000);
    let bytes = key.bytes();
    assert_eq!(bytes[..8], 3u64.to_ne_bytes());
    assert_eq!(bytes[8..16], 5u64.to_ne_bytes());
    assert_eq!(bytes[16..18], 1u16.to_ne_bytes());
    assert_eq!(bytes[18..20], 2u16.to_ne_bytes());
    assert_eq!(bytes[20..], 1i32.to_ne_bytes());
}
