//! Customer displays: commands, string mode, code pages, the cable.

use outlet_simulators::display::{Display, DisplaySpec, Fault};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

const BLANK: &str = "                    ";

fn cd5220() -> Display {
    Display::new(DisplaySpec::cd5220())
}

fn epson() -> Display {
    Display::new(DisplaySpec::epson_dm())
}

#[test]
fn esc_q_writes_whole_lines() {
    let display = cd5220();
    display.feed(b"\x1b@\x0c\x1bQATea            12.50\r\x1bQBTotal          25.00\r");
    assert_eq!(display.screen(), ["Tea            12.50", "Total          25.00"]);
    assert_eq!(display.violations(), [""; 0]);
    assert!(display.state().string_mode);
}

#[test]
fn only_clr_leaves_string_mode() {
    let display = cd5220();
    display.feed(b"\x1bQATea            12.50\r");
    for refused in [&b"\x1b@"[..], b"\x18", b"\x1bl\x01\x01", b"x", b"\x1b*\x01", b"\x1b[H"] {
        display.feed(refused);
        assert_eq!(display.screen(), ["Tea            12.50", BLANK], "{refused:02X?}");
    }
    assert_eq!(display.violations().len(), 6);
    display.feed(b"\x0cHi");
    assert_eq!(display.screen(), ["Hi                  ", BLANK]);
    assert!(!display.state().string_mode);
}

#[test]
fn models_whose_manual_says_so_leave_string_mode_with_can() {
    let display = Display::new(DisplaySpec { can_leaves_string_mode: true, ..DisplaySpec::cd5220() });
    display.feed(b"\x1bQATea            12.50\r\x18Hi");
    assert!(display.violations().is_empty());
    assert!(!display.state().string_mode);
    assert_eq!(display.screen()[0], "Hi                  ");
}

#[test]
fn a_string_that_is_not_twenty_characters_is_a_violation_and_padded() {
    let display = cd5220();
    display.feed(b"\x1bQATea            12.50\r\x1bQAshort\r");
    assert_eq!(display.screen()[0], "short               ");
    assert_eq!(display.violations(), ["ESC Q A with 5 characters"]);
    display.feed(b"\x1bQB123456789012345678901\r");
    assert_eq!(display.screen()[1], "12345678901234567890");
    assert_eq!(display.violations().len(), 2);
}

#[test]
fn russian_is_a_font_of_the_model() {
    let display = cd5220();
    // "Чай" in page 866.
    display.feed(b"\x1bcR\x97\xa0\xa9");
    assert_eq!(display.screen()[0].trim_end(), "Чай");
    assert_eq!(display.state().page, "CP866");
    display.feed(b"\x1bcZ");
    assert_eq!(display.violations(), ["ESC c 90: this model has no such page"]);
}

#[test]
fn page_17_of_epsons_display_is_russian_and_page_6_is_not_there() {
    let display = epson();
    display.feed(b"\x1b@\x1bt\x11\x97\xa0\xa9");
    assert_eq!(display.screen()[0].trim_end(), "Чай");
    display.feed(b"\x1bt\x06");
    assert_eq!(display.violations().len(), 1);
    let clone = Display::new(DisplaySpec::esc_pos().with_page(6, "CP1251"));
    clone.feed(b"\x1bt\x06\xd7\xe0\xe9");
    assert_eq!(clone.screen()[0].trim_end(), "Чай");
}

#[test]
fn the_cursor_goes_where_it_is_told() {
    let display = epson();
    display.feed(b"\x1f$\x05\x02x\x1fBy\x0bz");
    assert_eq!(display.screen(), ["z                   ", "    x              y"]);
    assert_eq!(display.state().cursor, (2, 1));
    display.feed(b"\x1f$\x15\x01\x1f$\x01\x03");
    assert_eq!(display.violations(), ["cursor to column 21, line 1", "cursor to column 1, line 3"]);
    let display = cd5220();
    display.feed(b"\x1bl\x14\x01ab");
    assert_eq!(display.screen(), ["                   a", "b                   "]);
}

#[test]
fn in_overwrite_mode_the_text_goes_round() {
    let display = epson();
    display.feed(b"12345678901234567890abcdefghijABCDEFGHIJ+");
    assert_eq!(display.screen(), ["+2345678901234567890", "abcdefghijABCDEFGHIJ"]);
}

#[test]
fn in_vertical_mode_the_lower_line_moves_up() {
    let display = epson();
    display.feed(b"\x1f\x0212345678901234567890abcdefghijABCDEFGHIJ+");
    assert_eq!(display.screen(), ["abcdefghijABCDEFGHIJ", "+                   "]);
}

#[test]
fn in_horizontal_mode_the_line_moves_to_the_left() {
    let display = epson();
    display.feed(b"\x1f\x0312345678901234567890ab");
    assert_eq!(display.screen()[0], "345678901234567890ab");
}

#[test]
fn a_scrolling_text_ends_with_the_next_command() {
    let display = cd5220();
    display.feed(b"\x1bQDWelcome to the bakery\r");
    assert_eq!(display.state().scrolling.as_deref(), Some("Welcome to the bakery"));
    display.feed(b"Hi");
    assert_eq!(display.state().scrolling, None);
    assert_eq!(display.screen()[0], "Hi                  ");
}

#[test]
fn brightness_has_four_steps() {
    let display = epson();
    display.feed(b"\x1fX\x02");
    assert_eq!(display.state().brightness, 2);
    display.feed(b"\x1fX\x05");
    assert_eq!((display.state().brightness, display.violations().len()), (2, 1));
    let display = cd5220();
    display.feed(b"\x1b*\x01");
    assert_eq!(display.state().brightness, 1);
}

#[test]
fn what_is_meant_for_the_printer_behind_it_is_not_shown() {
    let display = epson();
    display.feed(b"\x1b=\x01Receipt\x0c\x1b=\x02Hi");
    assert_eq!(display.screen()[0].trim_end(), "Hi");
}

#[test]
fn unknown_commands_are_violations_and_what_follows_is_shown() {
    let display = cd5220();
    display.feed(b"\x1bzHi");
    assert_eq!(display.screen()[0].trim_end(), "Hi");
    assert_eq!(display.violations(), ["unknown command 1B 7A"]);
}

#[test]
fn a_command_may_come_in_any_number_of_pieces() {
    let script = b"\x1b@\x0c\x1b*\x02\x1bl\x03\x02ab\x1bQATea            12.50\r\x0c\x1bcR\x97";
    let whole = cd5220();
    whole.feed(script);
    for cut in 1..script.len() {
        let display = cd5220();
        let (head, tail) = script.split_at(cut);
        display.feed(head);
        display.feed(tail);
        assert_eq!(display.state(), whole.state(), "cut at byte {cut}");
    }
    assert!(whole.violations().is_empty());
}

#[test]
fn the_picture_is_bright_on_dark() {
    let display = cd5220();
    let dark = display.picture();
    assert_eq!(dark.black(), (dark.width() * dark.height()) as usize);
    display.feed(b"Hi");
    assert!(display.picture().black() < dark.black());
    assert!(display.png().unwrap().starts_with(b"\x89PNG"));
}

#[tokio::test]
async fn over_tcp_the_display_shows_and_keeps_what_it_shows_when_the_host_goes() {
    let display = epson();
    let address = display.serve_tcp("127.0.0.1:0").await.unwrap();
    let mut host = TcpStream::connect(address).await.unwrap();
    host.write_all(b"\x1b@\x0cTea").await.unwrap();
    display.wait_screen("Tea", "").await;
    drop(host);
    display.wait_state(|state| !state.connected).await;
    assert_eq!(display.screen()[0].trim_end(), "Tea");
}

#[tokio::test]
async fn pulling_the_cable_blanks_it_and_it_comes_back_as_after_power_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("display");
    let display = epson();
    display.serve_pty(&path).unwrap();

    let mut host = open(&path).await;
    host.write_all(b"\x1bt\x11\x1fX\x01Tea").await.unwrap();
    host.flush().await.unwrap();
    display.wait_screen("Tea", "").await;

    display.inject(Fault::Unplug);
    display.wait_state(|state| !state.connected).await;
    assert!(!path.exists());
    assert_eq!(display.screen(), [BLANK, BLANK]);

    display.inject(Fault::Replug);
    display.wait_state(|state| state.connected).await;
    let state = display.state();
    assert_eq!((state.brightness, state.page.as_str()), (4, "CP437"));
    let mut host = open(&path).await;
    host.write_all(b"Juice").await.unwrap();
    host.flush().await.unwrap();
    display.wait_screen("Juice", "").await;
}

async fn open(path: &std::path::Path) -> tokio::fs::File {
    tokio::fs::OpenOptions::new().read(true).write(true).open(path).await.expect("a device behind the path")
}

#[test]
fn garbage_never_stops_it() {
    for seed in 0..50u32 {
        let mut value = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
        let bytes: Vec<u8> = std::iter::repeat_with(|| {
            value ^= value << 13;
            value ^= value >> 17;
            value ^= value << 5;
            if value.is_multiple_of(5) { 0x1B } else { (value >> 8) as u8 }
        })
        .take(4000)
        .collect();
        for display in [cd5220(), epson()] {
            display.feed(&bytes);
            assert!(display.screen().iter().all(|line| line.chars().count() == 20));
        }
    }
}
