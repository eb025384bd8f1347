//! The installed agent as systemd, journald and udev see it.

use outlet_simulators::printer::Fault;
use outletd::bus::contract::State;
use serde_json::Value;

use crate::evening::Evening;
use crate::machine::{Machine, Running};
use crate::switched_on;
use crate::till::{Book, Till};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "boots a machine: run machine/outlet"]
async fn the_installed_agent_is_found_by_its_fields_and_names_and_started_again_when_it_hangs() {
    let (mut evening, outside) = Evening::new(1).await;
    let mut machine = Machine::new(outside);
    let (mut running, till) = switched_on(&mut machine, &mut evening).await;
    evening.submit(&till, "bar", "bar-1").await;
    evening.done("bar-1").await;

    the_log_has_fields(&mut running).await;
    names_last(&mut running).await;
    evening.measure(&till, &mut running).await;
    hangs(running, till, &mut evening).await;
}

/// What was said of a job is found in journald by its name.
async fn the_log_has_fields(running: &mut Running) {
    let of_job = running.run("journalctl --quiet --output=json JOB=bar-1").await;
    let lines: Vec<Value> = of_job.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert!(!lines.is_empty(), "journald has nothing of the job: {of_job}");
    for line in &lines {
        assert_eq!(
            (&line["DEVICE"], &line["_SYSTEMD_UNIT"]),
            (&"bar".into(), &"outletd.service".into()),
            "{line}"
        );
        assert_eq!(line["SYSLOG_IDENTIFIER"], "outletd", "{line}");
        assert!(line["PRIORITY"].as_str().is_some_and(|priority| priority <= "6"), "{line}");
    }
}

/// A device has the name of its make and serial number, also at another port of the kernel's, and is opened by it.
async fn names_last(running: &mut Running) {
    let name = "basename $(readlink -f /dev/outletd/scanner-symbol-HAND1)";
    assert_eq!(running.run(name).await, "ttyACM0\n");
    // As long as something has the first port open, the device gets the next one when it comes back.
    let again = "mkfifo /run/held
        perl -MFcntl -e 'sysopen(P, \"/dev/ttyACM0\", O_RDONLY | O_NONBLOCK) or die; print \"held\\n\"; close(STDOUT); sleep' \
            >/run/held & read -r held </run/held
        hand-scanner unplug; until [ ! -e /dev/outletd/scanner-symbol-HAND1 ]; do sleep 0.1; done
        hand-scanner plug; until [ -e /dev/outletd/scanner-symbol-HAND1 ]; do sleep 0.1; done
        kill $!";
    running.run(again).await;
    assert_eq!(running.run(name).await, "ttyACM1\n");
    // Its way out and back is found by its name.
    let said = "until journalctl --quiet --output=cat DEVICE=hand-scanner | grep 'the device is back'; do sleep 0.1; done
        journalctl --quiet --output=cat DEVICE=hand-scanner";
    let said = running.run(said).await;
    assert!(said.contains("the device is offline"), "{said}");
}

/// The agent stands still with jobs in hand: systemd ends it and starts it again, and the jobs go on.
async fn hangs(mut running: Running, till: Till, evening: &mut Evening) {
    evening.kitchen.inject(Fault::PaperOut);
    evening.submit(&till, "kitchen", "kitchen-waits").await;
    let waiting =
        |book: &Book| book.jobs.get("kitchen-waits").filter(|job| job.state == State::Waiting).map(drop);
    evening.book.wait("a job that waits for paper", waiting).await;
    let process = running.run("systemctl show -P MainPID outletd").await;
    let stood = "kill -STOP $(systemctl show -P MainPID outletd)
        until [ $(systemctl show -P NRestarts outletd) = 1 ] && systemctl --quiet is-active outletd; do sleep 0.2; done
        journalctl --quiet --unit=outletd --output=cat --grep=watchdog";
    let said = running.run(stood).await;
    assert!(said.contains("Watchdog timeout"), "{said}");
    assert_ne!(running.run("systemctl show -P MainPID outletd").await, process);
    drop(till);
    let mut till = Till::connect(running.mqtt, &evening.book).await;
    evening.kitchen.inject(Fault::NewRoll);
    evening.done("kitchen-waits").await;
    let tally = evening.audit(&mut till).await;
    assert_eq!(tally.uncertain, 0);
    running.power_off().await;
}
