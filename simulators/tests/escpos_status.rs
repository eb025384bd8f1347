//! Answers of the ESC/POS printer, against the Epson ESC/POS command reference: `DLE EOT`,
//! `DLE ENQ`, `DLE DC4`, `GS a`, `GS r`, `GS I`, `GS ( H`.

mod common;

use common::{epson, hex, however_split};
use outlet_simulators::printer::{Event, Fault, Printer, PrinterSpec, RealTime};

#[test]
fn a_ready_printer_answers_12_to_each_status_question() {
    let answers = however_split(&PrinterSpec::epson_80mm(), &hex("10 04 01 10 04 02 10 04 03 10 04 04"));
    assert_eq!(answers, hex("12 12 12 12"));
}

#[test]
fn the_four_status_bytes_show_each_condition() {
    let ask = hex("10 04 01 10 04 02 10 04 03 10 04 04");
    let cases: [(&[Fault], &str); 6] = [
        (&[Fault::PaperNearEnd], "12 12 12 1E"),
        (&[Fault::PaperOut], "1A 32 12 7E"),
        (&[Fault::CoverOpen], "1A 16 12 12"),
        (&[Fault::DrawerOpen], "16 12 12 12"),
        (&[Fault::UnrecoverableError], "1A 52 32 12"),
        (&[Fault::CoverOpen, Fault::CoverClose], "12 12 12 12"),
    ];
    for (faults, expected) in cases {
        let printer = epson();
        for fault in faults {
            printer.inject(*fault);
        }
        assert_eq!(printer.feed(&ask), hex(expected), "{faults:?}");
    }
}

#[test]
fn status_is_answered_at_once_even_behind_data_that_waits() {
    let printer = epson();
    printer.inject(Fault::CoverOpen);
    assert_eq!(printer.feed(b"waiting line\n\x10\x04\x02"), hex("16"));
    assert_eq!(printer.unfinished(), "");
    printer.inject(Fault::CoverClose);
    assert_eq!(printer.unfinished(), "waiting line\n");
}

#[test]
fn a_real_time_command_inside_image_data_is_executed_and_the_dots_stay() {
    let mut script = hex("1D 76 30 00 03 00 01 00 10 04 01");
    script.extend(b"\x1dV\x00");
    let spec = PrinterSpec::epson_80mm();
    assert_eq!(however_split(&spec, &script), hex("12"));

    let printer = Printer::new(spec);
    printer.feed(&script);
    let paper = &printer.papers()[0];
    let row: Vec<u32> = (0..24).filter(|&x| paper.bitmap().get(x, 0)).collect();
    assert_eq!(row, [3, 13, 23]);
    assert_eq!(printer.violations().len(), 1, "{:?}", printer.violations());
    assert!(printer.violations()[0].contains("inside other data"));
}

#[test]
fn a_pulse_inside_image_data_opens_the_drawer_unless_it_is_switched_off() {
    let image = hex("1D 76 30 00 05 00 01 00 10 14 01 00 01");
    let pulses = |script: &[u8]| {
        let printer = epson();
        let mut events = printer.events();
        printer.feed(script);
        std::iter::from_fn(|| events.try_recv().ok())
            .filter(|e| matches!(e, Event::DrawerPulse { .. }))
            .count()
    };
    assert_eq!(pulses(&image), 1);
    let off = [hex("1D 28 44 03 00 14 01 00"), image].concat();
    assert_eq!(pulses(&off), 0);
}

#[test]
fn automatic_status_comes_when_enabled_and_at_each_change() {
    let printer = epson();
    assert_eq!(printer.feed(&hex("1D 61 FF")), hex("10 00 00 00"));
    printer.inject(Fault::PaperNearEnd);
    assert_eq!(printer.feed(&[]), hex("10 00 03 00"));
    printer.inject(Fault::CoverOpen);
    assert_eq!(printer.feed(&[]), hex("38 00 03 00"));
    printer.inject(Fault::CoverClose);
    assert_eq!(printer.feed(&[]), hex("10 00 03 00"));
    printer.inject(Fault::DrawerOpen);
    assert_eq!(printer.feed(&[]), hex("14 00 03 00"));
    printer.inject(Fault::PaperOut);
    assert_eq!(printer.feed(&[]), hex("1C 00 0F 00"));
}

#[test]
fn automatic_status_reports_only_what_was_asked_for() {
    let printer = epson();
    assert_eq!(printer.feed(&hex("1D 61 01")), hex("10 00 00 00"));
    printer.inject(Fault::PaperNearEnd);
    printer.inject(Fault::CoverOpen);
    assert_eq!(printer.feed(&[]), [0u8; 0]);
    printer.inject(Fault::DrawerOpen);
    assert_eq!(printer.feed(&[]), hex("3C 00 03 00"));
}

#[test]
fn automatic_status_ends_with_zero_and_with_esc_at() {
    for end in ["1D 61 00", "1B 40"] {
        let printer = epson();
        printer.feed(&hex("1D 61 FF"));
        printer.feed(&hex(end));
        printer.inject(Fault::CoverOpen);
        assert_eq!(printer.feed(&[]), [0u8; 0], "{end}");
    }
}

#[test]
fn gs_r_answers_in_buffer_order_and_never_while_paper_is_out() {
    let printer = epson();
    assert_eq!(printer.feed(&hex("1D 72 01")), hex("00"));
    printer.inject(Fault::PaperNearEnd);
    assert_eq!(printer.feed(&hex("1D 72 01")), hex("03"));
    printer.inject(Fault::PaperOut);
    assert_eq!(printer.feed(&hex("1D 72 01")), [0u8; 0]);
    printer.inject(Fault::NewRoll);
    assert_eq!(printer.feed(&[]), hex("00"));
}

#[test]
fn gs_i_tells_who_the_printer_is() {
    let script = [hex("1D 49 01"), hex("1D 49 42"), hex("1D 49 43")].concat();
    let mut expected = hex("20");
    expected.extend(b"\x5fEPSON\0\x5fTM-T20III\0");
    assert_eq!(however_split(&PrinterSpec::epson_80mm(), &script), expected);
}

#[test]
fn a_process_id_is_echoed_when_everything_before_it_is_on_paper() {
    let script = [b"Soup 4.50\n\x1dV\x00".to_vec(), hex("1D 28 48 06 00 30 30 41 30 30 31")].concat();
    let answers = however_split(&PrinterSpec::epson_80mm(), &script);
    assert_eq!(answers, hex("37 22 41 30 30 31 00"));

    let printer = epson();
    printer.inject(Fault::PaperOut);
    assert_eq!(printer.feed(&script), [0u8; 0]);
    printer.inject(Fault::NewRoll);
    assert_eq!(printer.feed(&[]), hex("37 22 41 30 30 31 00"));
    assert!(printer.papers()[0].says("Soup 4.50"));
}

#[test]
fn a_process_id_with_a_byte_outside_20_to_7e_is_refused() {
    let printer = epson();
    assert_eq!(printer.feed(&hex("1D 28 48 06 00 30 30 41 30 30 0A")), [0u8; 0]);
    assert_eq!(printer.violations().len(), 1);
}

#[test]
fn clearing_the_buffers_is_confirmed_and_the_dropped_id_never_comes() {
    let printer = epson();
    printer.inject(Fault::CoverOpen);
    let mut script = b"never printed\n".to_vec();
    script.extend(hex("1D 28 48 06 00 30 30 41 30 30 31"));
    assert_eq!(printer.feed(&script), [0u8; 0]);
    assert_eq!(printer.feed(&hex("10 14 08 01 03 14 01 06 02 08")), hex("37 25 00"));
    printer.inject(Fault::CoverClose);
    assert_eq!(printer.feed(&[]), [0u8; 0]);
    assert_eq!(printer.unfinished(), "");
}

#[test]
fn a_cutter_jam_waits_for_its_cause_to_go_and_then_for_dle_enq_1() {
    let printer = epson();
    printer.inject(Fault::CutterJam);
    let script = [b"Bill\n\x1dV\x00".to_vec(), hex("1D 28 48 06 00 30 30 41 30 30 31")].concat();
    assert_eq!(printer.feed(&script), [0u8; 0]);
    assert_eq!(printer.feed(&hex("10 04 01 10 04 02 10 04 03")), hex("1A 52 1A"));
    assert_eq!(printer.feed(&hex("10 05 01")), [0u8; 0], "the cause is still there");
    assert!(printer.papers().is_empty());
    printer.inject(Fault::CutterClear);
    assert!(printer.papers().is_empty(), "an error stays until DLE ENQ");
    assert_eq!(printer.feed(&hex("10 05 01")), hex("37 22 41 30 30 31 00"));
    assert_eq!(printer.papers().len(), 1);
}

#[test]
fn dle_enq_2_recovers_from_a_jam_and_drops_what_was_waiting() {
    let printer = epson();
    printer.inject(Fault::CutterJam);
    printer.feed(b"Bill\n\x1dV\x00second\n\x1dV\x00");
    printer.inject(Fault::CutterClear);
    assert_eq!(printer.feed(&hex("10 05 02 10 04 01")), hex("12"));
    assert!(printer.papers().is_empty());
    printer.feed(b"third\n\x1dV\x00");
    assert!(!printer.papers()[0].says("second"));
    assert!(printer.papers()[0].says("third"));
}

#[test]
fn a_printer_that_waits_after_a_new_roll_goes_online_with_dle_enq_0() {
    let mut spec = PrinterSpec::epson_80mm();
    spec.waits_after_roll = true;
    let printer = Printer::new(spec);
    printer.inject(Fault::PaperOut);
    printer.feed(b"kept\n");
    printer.inject(Fault::NewRoll);
    assert_eq!(printer.feed(&hex("10 04 01")), hex("3A"));
    assert_eq!(printer.feed(&hex("10 05 00 10 04 01")), hex("12"));
    assert_eq!(printer.unfinished(), "kept\n");
}

#[test]
fn a_clone_without_automatic_status_or_process_id_calls_them_violations() {
    let printer = Printer::new(PrinterSpec::chinese_80mm());
    assert_eq!(printer.feed(&hex("1D 61 FF 1D 28 48 06 00 30 30 41 30 30 31")), [0u8; 0]);
    assert_eq!(printer.violations().len(), 2);
    assert_eq!(printer.feed(&hex("10 04 01 1D 72 01")), hex("12 00"));
}

#[test]
fn a_one_way_printer_prints_and_says_nothing() {
    let printer = Printer::new(PrinterSpec::one_way());
    let script = [hex("10 04 01 1D 61 FF 1D 72 01 1D 49 01"), b"Soup\n\x1dV\x00".to_vec()].concat();
    assert_eq!(printer.feed(&script), [0u8; 0]);
    assert!(printer.papers()[0].says("Soup"));
    assert_eq!(printer.violations(), [] as [String; 0]);
}

#[test]
fn real_time_commands_are_reported_as_events() {
    let printer = epson();
    let mut events = printer.events();
    printer.feed(&hex("10 04 02"));
    let seen: Vec<Event> = std::iter::from_fn(|| events.try_recv().ok()).collect();
    assert!(seen.contains(&Event::RealTime(RealTime::Status(2))), "{seen:?}");
}
