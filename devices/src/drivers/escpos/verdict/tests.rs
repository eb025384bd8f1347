use super::*;
use crate::models;

fn findings<'a>(link: &'a Link, model: &'a Model) -> Findings<'a> {
    Findings {
        link,
        model,
        obstacle: None,
        noise: 0,
        asb: true,
        one_way: false,
        answers_at: None,
        status: Some(Status::default()),
        port: None,
        identity: Identification::default(),
        ignores_ids: false,
        page: Page::Printed,
    }
}

fn epson() -> &'static Model {
    models::find("epson-tm-t20iii").unwrap()
}

fn network() -> Link {
    "tcp://10.0.0.20".parse().unwrap()
}

fn serial() -> Link {
    "serial:///dev/ttyS0".parse().unwrap()
}

fn suspects(findings: &Findings<'_>) -> Vec<(Suspect, Likelihood)> {
    verdict(findings).into_iter().map(|s| (s.suspect, s.likelihood)).collect()
}

#[test]
fn a_healthy_printer_has_no_suspects() {
    assert_eq!(suspects(&findings(&network(), epson())), []);
}

#[test]
fn a_refused_connection_points_at_the_port_and_not_at_the_cable() {
    let link = network();
    let found = Findings { obstacle: Some((Fault::Refused, String::new())), ..findings(&link, epson()) };
    assert_eq!(suspects(&found), [(Suspect::Address, Likely), (Suspect::OtherProgram, Possible)]);
}

#[test]
fn an_unreachable_host_points_at_cable_and_power_first() {
    let link = network();
    let found = Findings { obstacle: Some((Fault::Unreachable, String::new())), ..findings(&link, epson()) };
    let ranked = suspects(&found);
    assert_eq!(ranked.first(), Some(&(Suspect::Cable, Likely)));
    assert!(ranked.contains(&(Suspect::Power, Likely)));
}

#[test]
fn a_forbidden_device_is_certain_and_carries_its_remedy() {
    let link = serial();
    let fault = Fault::Permission("usermod -aG dialout outletd".into());
    let found = Findings { obstacle: Some((fault, String::new())), ..findings(&link, epson()) };
    let first = verdict(&found).remove(0);
    assert_eq!((first.suspect, first.likelihood), (Suspect::Permission, Certain));
    assert!(first.remedy.contains("dialout"));
}

#[test]
fn another_baud_rate_that_is_answered_is_named() {
    let link = serial();
    let line = SerialLine { baud: 19200, ..SerialLine::default() };
    let found = Findings { status: None, noise: 9, answers_at: Some(line), ..findings(&link, epson()) };
    let all = verdict(&found);
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].suspect, all[0].likelihood), (Suspect::BaudRate, Certain));
    assert!(all[0].remedy.contains("baud=19200"), "{}", all[0].remedy);
}

#[test]
fn noise_is_the_baud_rate_on_a_serial_line_and_the_address_on_the_network() {
    let (line, net) = (serial(), network());
    let noisy = Findings { status: None, noise: 9, ..findings(&line, epson()) };
    assert_eq!(suspects(&noisy).first(), Some(&(Suspect::BaudRate, Likely)));
    let noisy = Findings { status: None, noise: 9, ..findings(&net, epson()) };
    assert_eq!(suspects(&noisy).first(), Some(&(Suspect::Address, Likely)));
}

#[test]
fn a_silent_line_points_at_power_and_cable_before_the_baud_rate() {
    let link = serial();
    let found = Findings { status: None, ..findings(&link, epson()) };
    let ranked: Vec<_> = suspects(&found).into_iter().map(|(suspect, _)| suspect).collect();
    assert_eq!(ranked, [Suspect::Power, Suspect::Cable, Suspect::BaudRate]);
}

#[test]
fn what_the_printer_says_itself_is_certain() {
    let link = network();
    for (status, suspect) in [
        (Status { paper: PaperState::Out, offline: true, ..Status::default() }, Suspect::Paper),
        (Status { cover_open: true, offline: true, ..Status::default() }, Suspect::Cover),
        (Status { cutter_error: true, offline: true, ..Status::default() }, Suspect::Cutter),
        (Status { unrecoverable: true, offline: true, ..Status::default() }, Suspect::Fault),
    ] {
        let found = Findings { status: Some(status), page: Page::NotTried, ..findings(&link, epson()) };
        assert_eq!(suspects(&found), [(suspect, Certain)]);
    }
}

#[test]
fn another_model_than_the_configured_one_is_a_suspect() {
    let link = network();
    let named = |name: &str| Identification { model: Some(name.into()), ..Identification::default() };
    let found = Findings { identity: named("TM-T88V"), ..findings(&link, epson()) };
    assert_eq!(suspects(&found), [(Suspect::Firmware, Likely)]);
    let found = Findings { identity: named("TM-T20III"), ..findings(&link, epson()) };
    assert_eq!(suspects(&found), []);
}

#[test]
fn chinese_firmware_behind_a_western_model_is_a_possible_code_page_problem() {
    let link = network();
    let identity = Identification { multibyte: Some(true), ..Identification::default() };
    let found = Findings { identity, ..findings(&link, epson()) };
    assert_eq!(suspects(&found), [(Suspect::CodePage, Possible)]);
}

#[test]
fn an_empty_usb_port_is_believed_even_when_the_printer_says_nothing() {
    let link: Link = "usb://04b8:0e28".parse().unwrap();
    let port = Some(PortStatus { paper_empty: true, selected: false, error: true });
    let found = Findings { status: None, port, ..findings(&link, epson()) };
    assert_eq!(suspects(&found).first(), Some(&(Suspect::Paper, Certain)));
}
