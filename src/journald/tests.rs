#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::MetadataExt;

use tracing_subscriber::layer::SubscriberExt;

use super::*;

/// What journald gets of what is logged.
fn logged(work: impl FnOnce()) -> Vec<BTreeMap<String, String>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let journald = UnixDatagram::bind(&path).unwrap();
    journald.set_nonblocking(true).unwrap();
    let subscriber = tracing_subscriber::registry().with(Journald::at(&path).unwrap());
    tracing::subscriber::with_default(subscriber, work);
    let mut buffer = vec![0; 256 * 1024];
    let mut lines = Vec::new();
    while let Ok(count) = journald.recv(&mut buffer) {
        if count > 0 {
            lines.push(fields(&buffer[..count]));
        }
    }
    lines
}

/// The fields of a datagram. A name that comes twice is a mistake.
fn fields(mut bytes: &[u8]) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    while !bytes.is_empty() {
        let end = bytes.iter().position(|byte| *byte == b'\n').unwrap();
        let name = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let (length, rest) = bytes[end + 1..].split_at(8);
        let length = usize::try_from(u64::from_le_bytes(length.try_into().unwrap())).unwrap();
        let value = String::from_utf8(rest[..length].to_vec()).unwrap();
        assert_eq!(rest[length], b'\n');
        assert_eq!(fields.insert(name, value), None);
        bytes = &rest[length + 1..];
    }
    fields
}

#[test]
fn a_line_has_its_device_and_its_job_as_fields_and_in_its_text() {
    let job = "01J\nTWO";
    let lines = logged(|| tracing::warn!(device = %"kitchen", job, bytes = 17, "not printed"));
    let line = &lines[0];
    assert_eq!(line["MESSAGE"], "not printed device=kitchen job=\"01J\\nTWO\" bytes=17");
    assert_eq!(line["PRIORITY"], "4");
    assert_eq!(line["SYSLOG_IDENTIFIER"], "outletd");
    assert_eq!(line["DEVICE"], "kitchen");
    assert_eq!(line["JOB"], "01J\nTWO", "a line's end is a part of its value");
    assert_eq!(line["BYTES"], "17");
}

#[test]
fn the_level_is_the_priority_of_syslog() {
    let lines = logged(|| {
        tracing::error!("1");
        tracing::info!("2");
        tracing::debug!("3");
    });
    let priorities: Vec<_> = lines.iter().map(|line| line["PRIORITY"].as_str()).collect();
    assert_eq!(priorities, ["3", "6", "7"]);
}

#[test]
fn what_is_too_long_for_a_datagram_is_cut_between_characters() {
    let long = "Ж".repeat(200_000);
    let lines = logged(|| tracing::info!(device = "bar", answer = %long, "odd"));
    assert_eq!(lines[0]["DEVICE"], "bar");
    assert_eq!(lines[0]["ANSWER"].len(), LONGEST);
    assert!(lines[0]["MESSAGE"].starts_with("odd device=\"bar\" answer=ЖЖ"));
}

#[test]
fn a_field_can_not_pass_for_one_of_journalds_own() {
    let lines = logged(|| tracing::info!(priority = 0, target = "x", _pid = 1, "order.id" = "A-1", "odd"));
    assert_eq!(lines[0]["PRIORITY"], "6");
    assert_eq!(lines[0]["ORDER_ID"], "A-1");
    assert!(!lines[0].contains_key("_PID"), "{lines:?}");
}

#[test]
fn where_nobody_listens_there_is_no_journal() {
    let folder = tempfile::tempdir().unwrap();
    assert!(Journald::at(&folder.path().join("socket")).is_err());
}

#[test]
fn only_the_stream_that_systemd_has_led_to_the_journal_leads_there() {
    let folder = tempfile::tempdir().unwrap();
    let stream = File::create(folder.path().join("stream")).unwrap();
    let other = File::create(folder.path().join("other")).unwrap();
    let stat = stream.metadata().unwrap();
    let named = format!("{}:{}", stat.dev(), stat.ino());
    assert!(takes(&stream, &named));
    assert!(!takes(&other, &named));
    assert!(!takes(&stream, ""));
}
