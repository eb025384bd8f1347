//! The driver of IPP printers against the simulated office printer.

#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Mutex};

use outlet_devices::driver::*;
use outlet_devices::error::{DeviceError, ErrorKind};
use outlet_devices::registry;
use outlet_protocols::document::Document;
use outlet_simulators::ipp_printer::{Counts, Fault, IppPrinter, JobState, PrinterSpec};
use serde_json::{Value, json};
use tokio::sync::watch;

struct Bed {
    printer: IppPrinter,
    driver: Box<dyn Driver>,
    check: Arc<dyn Check>,
    status: watch::Receiver<DeviceStatus>,
}

fn build(link: &str, options: Value) -> Result<(Built, watch::Receiver<DeviceStatus>), SettingsError> {
    let settings =
        Settings { id: "office".into(), model: None, link: link.into(), options, codes: Default::default() };
    let (sink, status) = watch::channel(DeviceStatus::default());
    let built = registry::find("ipp").unwrap().build(&settings, Report::of_status(sink))?;
    Ok((built, status))
}

/// Options that make a test wait no longer than it must.
fn quick() -> Value {
    json!({ "answer_ms": 2_000, "poll_ms": 10, "idle_ms": 10 })
}

impl Bed {
    async fn new(spec: PrinterSpec) -> Self {
        let mut bed = Self::unconnected(spec, quick()).await;
        bed.driver.connect().await.unwrap();
        bed
    }

    async fn unconnected(spec: PrinterSpec, options: Value) -> Self {
        let printer = IppPrinter::new(spec);
        printer.serve_tcp("127.0.0.1:0").await.unwrap();
        let (built, status) = build(&printer.link(), options).unwrap();
        Self { printer, driver: built.driver, check: built.check, status }
    }

    async fn print(&mut self, copies: u8, notes: &Notes) -> Result<Outcome, DeviceError> {
        self.driver.execute(&invoice(copies), notes).await
    }

    async fn resolve(&mut self, notes: &Notes) -> Result<Resolution, DeviceError> {
        self.driver.resolve(&invoice(1), &notes.attempt_made()).await
    }

    async fn wait_status(&mut self, wanted: impl Fn(&DeviceStatus) -> bool) -> DeviceStatus {
        self.status.wait_for(wanted).await.unwrap().clone()
    }

    /// The conditions once the idle driver has told these.
    async fn idles_until(&mut self, conditions: &[&str]) -> DeviceStatus {
        let wanted: Vec<String> = conditions.iter().map(|&word| word.to_owned()).collect();
        let mut status = self.status.clone();
        let told = status.wait_for(|status| status.conditions.iter().eq(wanted.iter()));
        tokio::select! {
            error = self.driver.idle() => panic!("{error}"),
            status = told => status.unwrap().clone(),
        }
    }
}

fn invoice(copies: u8) -> Command {
    let document = json!({ "blocks": [
        { "type": "text", "text": "Накладная на доставку № 118" },
        { "type": "table", "columns": [{ "width": "fill" }, { "align": "right" }],
          "header": ["Блюдо", "Сумма"], "rows": [["Борщ", "350,00"]] },
    ]});
    let document = Document::from_value(document).unwrap();
    let work = Work::Print(Arc::new(document));
    Command { job: "01JD".into(), work, copies, heading: vec!["COPY".into()] }
}

/// What a driver did with its job context.
struct Notes {
    attempt: u64,
    baseline: Mutex<Option<Value>>,
    waiting: watch::Sender<Option<Waiting>>,
    told: Mutex<Vec<Option<String>>>,
    trace: Mutex<Vec<(Direction, Vec<u8>)>>,
    abort: watch::Sender<bool>,
    /// What is done to the printer when the attempt is on disk.
    when_begun: Option<(IppPrinter, Vec<Fault>)>,
}

impl Notes {
    fn attempt(attempt: u64) -> Self {
        Self {
            attempt,
            when_begun: None,
            baseline: Mutex::default(),
            waiting: watch::channel(None).0,
            told: Mutex::default(),
            trace: Mutex::default(),
            abort: watch::channel(false).0,
        }
    }

    fn begun(&self) -> bool {
        self.baseline.lock().unwrap().is_some()
    }

    fn attempt_made(&self) -> Attempt {
        let baseline = self.baseline.lock().unwrap().clone().expect("begun");
        Attempt { number: self.attempt, baseline, evidence: Value::Null }
    }

    fn told(&self) -> Vec<Option<String>> {
        self.told.lock().unwrap().clone()
    }

    async fn wait_until_told(&self, code: &str) -> Waiting {
        let mut waiting = self.waiting.subscribe();
        let told = waiting.wait_for(|told| told.as_ref().is_some_and(|told| told.code == code)).await;
        told.unwrap().clone().unwrap()
    }
}

impl JobContext for Notes {
    fn attempt(&self) -> u64 {
        self.attempt
    }
    fn begin(&self, baseline: Value) -> BoxFuture<'_, Result<(), DeviceError>> {
        *self.baseline.lock().unwrap() = Some(baseline);
        if let Some((printer, faults)) = &self.when_begun {
            faults.iter().for_each(|fault| printer.inject(*fault));
        }
        Box::pin(async { Ok(()) })
    }
    fn note(&self, note: Value) -> BoxFuture<'_, Result<(), DeviceError>> {
        let mut baseline = self.baseline.lock().unwrap();
        let fields = baseline.as_mut().and_then(Value::as_object_mut).expect("begun");
        fields.extend(note.as_object().expect("an object").clone());
        Box::pin(async { Ok(()) })
    }
    fn memory(&self) -> Value {
        Value::Null
    }
    fn waiting(&self, reason: Option<Waiting>) {
        self.told.lock().unwrap().push(reason.as_ref().map(|told| told.code.clone()));
        self.waiting.send_replace(reason);
    }
    fn trace(&self, direction: Direction, bytes: &[u8]) {
        self.trace.lock().unwrap().push((direction, bytes.to_vec()));
    }
    fn aborted(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            let _ = self.abort.subscribe().wait_for(|abort| *abort).await;
        })
    }
}

fn words(codes: &[Option<&str>]) -> Vec<Option<String>> {
    codes.iter().map(|code| code.map(str::to_owned)).collect()
}

#[tokio::test]
async fn an_invoice_is_printed_three_times_and_the_printer_confirms_it() {
    let mut bed = Bed::new(PrinterSpec::office()).await;
    let notes = Notes::attempt(7);
    let outcome = bed.print(3, &notes).await.unwrap();
    assert_eq!(outcome.confidence, Confidence::Printed);
    assert_eq!(outcome.result, json!({ "pages": 1, "copies": 3 }));
    assert_eq!(outcome.evidence["state"], "completed");
    let jobs = bed.printer.jobs();
    let [job] = jobs.as_slice() else { panic!("{jobs:?}") };
    assert_eq!((job.copies, job.sheets, job.format.as_str()), (3, 3, "application/pdf"));
    assert_eq!(job.name, "outletd office 01JD 7", "so that it is found again");
    assert_eq!(job.media.as_deref(), Some("iso_a4_210x297mm"));
    assert!(job.document.starts_with(b"%PDF-") && job.document.ends_with(b"%%EOF"));
    assert_eq!(notes.attempt_made().baseline["job_id"], job.id);
    assert_eq!(notes.told(), words(&[]), "nothing stood in the way");
    assert_eq!(bed.printer.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn the_trace_holds_what_was_asked_and_answered_and_not_the_document() {
    let mut bed = Bed::new(PrinterSpec::office()).await;
    let notes = Notes::attempt(1);
    bed.print(1, &notes).await.unwrap();
    let trace = notes.trace.lock().unwrap();
    let operations: Vec<u8> =
        trace.iter().filter(|(way, _)| *way == Direction::Sent).map(|(_, bytes)| bytes[3]).collect();
    // Get-Printer-Attributes, Print-Job, then the printer and the job in turn (RFC 8011, 5.4.15).
    assert_eq!(operations, [0x0B, 0x02, 0x0B, 0x09]);
    assert!(trace.iter().all(|(_, bytes)| bytes.len() < 1_500));
}

#[tokio::test]
async fn copies_are_repeated_in_the_file_where_the_printer_makes_none() {
    let mut bed = Bed::new(PrinterSpec::plain()).await;
    let outcome = bed.print(5, &Notes::attempt(1)).await.unwrap();
    assert_eq!(outcome.confidence, Confidence::Printed);
    let jobs = bed.printer.jobs();
    assert_eq!((jobs.len(), jobs[0].copies, jobs[0].sheets), (1, 1, 5));
}

#[tokio::test]
async fn copies_in_the_file_share_no_sheet_unless_the_printer_surely_uses_one_side() {
    for (default, option, pages) in [
        (Some("one-sided"), None, 3),
        (Some("one-sided"), Some("two"), 5),
        (Some("two-sided-long-edge"), None, 5),
        (Some("two-sided-long-edge"), Some("one"), 3),
        (None, None, 5),
    ] {
        let mut options = quick();
        option.into_iter().for_each(|option| options["sides"] = option.into());
        let spec = PrinterSpec { sides: default, ..PrinterSpec::plain() };
        let mut bed = Bed::unconnected(spec, options).await;
        bed.driver.connect().await.unwrap();
        let outcome = bed.print(3, &Notes::attempt(1)).await.unwrap();
        assert_eq!(bed.printer.jobs()[0].sheets_wanted, pages, "{default:?} {option:?}");
        assert_eq!(outcome.result, json!({ "pages": 1, "copies": 3 }));
    }
}

#[tokio::test]
async fn the_plain_file_is_for_the_sides_that_the_printer_is_set_to() {
    let mut options = quick();
    options["sides"] = "one".into();
    let spec = PrinterSpec { sides: Some("two-sided-long-edge"), ..PrinterSpec::office() };
    let mut bed = Bed::unconnected(spec, options).await;
    bed.driver.connect().await.unwrap();
    bed.printer.inject(Fault::Refuse { status: 0x040B, times: 1 });
    bed.print(2, &Notes::attempt(1)).await.unwrap();
    let jobs = bed.printer.jobs();
    assert_eq!((&jobs[0].sides, jobs[0].sheets_wanted), (&None, 3), "an empty page between the copies");
}

#[tokio::test]
async fn a_printer_that_reads_on_as_it_prints_has_time_for_the_whole_document() {
    let mut options = quick();
    options["answer_ms"] = 500.into();
    let mut bed = Bed::unconnected(PrinterSpec::office(), options).await;
    bed.driver.connect().await.unwrap();
    bed.printer.inject(Fault::SlowDocument(750));
    let notes = Notes::attempt(1);
    bed.print(1, &notes).await.unwrap();
    // One Get-Printer-Attributes, Print-Job with its answer, then the printer and the job: it was not searched.
    let sent = notes.trace.lock().unwrap().iter().filter(|(way, _)| *way == Direction::Sent).count();
    assert_eq!(sent, 4);
}

#[tokio::test]
async fn a_printer_that_refuses_what_it_offered_gets_the_plain_file() {
    let mut bed = Bed::new(PrinterSpec::office()).await;
    // client-error-attributes-or-values-not-supported.
    bed.printer.inject(Fault::Refuse { status: 0x040B, times: 1 });
    bed.print(2, &Notes::attempt(1)).await.unwrap();
    let jobs = bed.printer.jobs();
    assert_eq!((jobs.len(), jobs[0].copies, jobs[0].sheets), (1, 1, 2));
    assert_eq!((&jobs[0].media, &jobs[0].sides), (&None, &None));
}

#[tokio::test]
async fn the_sides_of_the_options_are_asked_for() {
    let mut options = quick();
    options["sides"] = "two".into();
    let mut bed = Bed::unconnected(PrinterSpec::office(), options).await;
    bed.driver.connect().await.unwrap();
    bed.print(1, &Notes::attempt(1)).await.unwrap();
    assert_eq!(bed.printer.jobs()[0].sides.as_deref(), Some("two-sided-long-edge"));
}

#[tokio::test]
async fn a_print_server_that_knows_nothing_of_its_printer_proves_only_that_it_was_sent() {
    let mut bed = Bed::new(PrinterSpec { server: true, ..PrinterSpec::office() }).await;
    let outcome = bed.print(1, &Notes::attempt(1)).await.unwrap();
    assert_eq!(outcome.confidence, Confidence::Sent);
}

#[tokio::test]
async fn a_job_waits_for_a_paused_queue_and_goes_on_by_itself() {
    let mut bed = Bed::new(PrinterSpec::office()).await;
    bed.printer.inject(Fault::Pause);
    let (printer, notes) = (bed.printer.clone(), Notes::attempt(1));
    let resume = async {
        let waiting = notes.wait_until_told("paused").await;
        assert!(waiting.message.contains("let it go on"), "{}", waiting.message);
        assert!(!notes.begun(), "nothing has left, it may still be called off");
        printer.inject(Fault::Resume);
    };
    let (outcome, ()) = tokio::join!(bed.print(1, &notes), resume);
    assert_eq!(outcome.unwrap().confidence, Confidence::Printed);
    assert_eq!(notes.told(), words(&[Some("paused"), None]));
}

#[tokio::test]
async fn a_job_waits_for_paper_that_ran_out_in_its_middle() {
    let mut bed = Bed::new(PrinterSpec::office()).await;
    bed.printer.inject(Fault::SheetsLeft(1));
    let (printer, notes) = (bed.printer.clone(), Notes::attempt(1));
    let refill = async {
        let waiting = notes.wait_until_told("paper-out").await;
        assert!(waiting.message.contains("fill its tray"), "{}", waiting.message);
        assert_eq!(printer.sheets(), 1);
        printer.inject(Fault::Refill);
    };
    let (outcome, ()) = tokio::join!(bed.print(3, &notes), refill);
    assert_eq!(outcome.unwrap().confidence, Confidence::Printed);
    assert_eq!((bed.printer.sheets(), bed.printer.taken()), (3, 1));
    assert_eq!(notes.told(), words(&[Some("paper-out"), None]));
}

#[tokio::test]
async fn a_job_that_the_queue_holds_is_shown_as_waiting_until_it_is_released() {
    let mut bed = Bed::new(PrinterSpec::office()).await;
    bed.printer.inject(Fault::Hold);
    let (printer, notes) = (bed.printer.clone(), Notes::attempt(1));
    let release = async {
        notes.wait_until_told("held-at-device").await;
        printer.inject(Fault::Release);
    };
    let (outcome, ()) = tokio::join!(bed.print(1, &notes), release);
    assert_eq!(outcome.unwrap().confidence, Confidence::Printed);
}

#[tokio::test]
async fn a_job_given_up_before_its_first_page_has_failed_and_after_it_somebody_has_to_look() {
    for (after, kind) in [(0, ErrorKind::Rejected), (1, ErrorKind::OutcomeUnknown)] {
        let mut bed = Bed::new(PrinterSpec::office()).await;
        bed.printer.inject(Fault::AbortAfter(after));
        let error = bed.print(2, &Notes::attempt(1)).await.unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.message.contains("aborted-by-system"), "{error}");
        assert_eq!(error.evidence["impressions"], after);
    }
    let mut bed = Bed::new(PrinterSpec { times: false, ..PrinterSpec::office() }).await;
    bed.printer.inject(Fault::AbortAfter(0));
    let error = bed.print(1, &Notes::attempt(1)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::OutcomeUnknown, "one that says not when it began proves nothing");
    let mut bed = Bed::new(PrinterSpec::plain()).await;
    bed.printer.inject(Fault::AbortAfter(0));
    let error = bed.print(1, &Notes::attempt(1)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::OutcomeUnknown, "a printer that does not count proves nothing");
}

#[tokio::test]
async fn a_job_given_up_after_its_second_page_by_a_printer_that_counts_nothing_is_not_printed_again() {
    let mut bed = Bed::new(PrinterSpec { counts: Counts::Zero, ..PrinterSpec::office() }).await;
    bed.printer.inject(Fault::AbortAfter(2));
    let notes = Notes::attempt(1);
    let error = bed.print(3, &notes).await.unwrap_err();
    assert_eq!(bed.printer.sheets(), 2);
    assert_eq!((error.kind, error.code), (ErrorKind::OutcomeUnknown, "in-doubt"), "{error}");
    assert!(error.message.contains("look at the paper"), "{error}");
    assert_eq!((&error.evidence["impressions"], &error.evidence["not_begun"]), (&json!(0), &json!(false)));
    let resolution = bed.resolve(&notes).await.unwrap();
    assert!(matches!(resolution, Resolution::Unknown(_)), "{resolution:?}");
}

#[tokio::test]
async fn a_job_that_the_printer_never_began_is_proven_not_to_be_printed() {
    let mut bed = Bed::new(PrinterSpec { counts: Counts::Zero, ..PrinterSpec::office() }).await;
    bed.printer.inject(Fault::AbortAfter(0));
    let notes = Notes::attempt(1);
    let error = bed.print(1, &notes).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Rejected, "{error}");
    let resolution = bed.resolve(&notes).await.unwrap();
    assert!(matches!(resolution, Resolution::NotDone(_)), "{resolution:?}");
}

#[tokio::test]
async fn a_print_job_answered_as_canceled_is_searched_and_else_in_doubt() {
    let mut bed = Bed::new(PrinterSpec::office()).await;
    // server-error-job-canceled.
    bed.printer.inject(Fault::Refuse { status: 0x0508, times: 1 });
    let notes = Notes::attempt(1);
    let error = bed.print(1, &notes).await.unwrap_err();
    assert_eq!((error.kind, error.code), (ErrorKind::OutcomeUnknown, "in-doubt"), "{error}");
    let trace = notes.trace.lock().unwrap();
    // Get-Jobs (RFC 8011, 5.4.15).
    assert!(trace.iter().any(|(way, bytes)| *way == Direction::Sent && bytes[3] == 0x0A), "it was searched");
}

#[tokio::test]
async fn a_job_cancelled_at_the_panel_is_not_printed_again_by_itself() {
    let mut bed = Bed::new(PrinterSpec::office()).await;
    bed.printer.inject(Fault::Hold);
    let (printer, notes) = (bed.printer.clone(), Notes::attempt(1));
    let cancel = async {
        notes.wait_until_told("held-at-device").await;
        printer.inject(Fault::CancelAtPanel);
    };
    let (error, ()) = tokio::join!(bed.print(1, &notes), cancel);
    let error = error.unwrap_err();
    assert_eq!((error.kind, error.code), (ErrorKind::Rejected, "cancelled"), "{error}");
    let resolution = bed.resolve(&notes).await.unwrap();
    assert!(matches!(resolution, Resolution::Unknown(_)), "{resolution:?}");
}

#[tokio::test]
async fn a_job_whose_answer_was_lost_is_found_by_its_name_and_not_sent_again() {
    let mut bed = Bed::new(PrinterSpec::office()).await;
    bed.printer.inject(Fault::LoseAnswers(1));
    let outcome = bed.print(3, &Notes::attempt(1)).await.unwrap();
    assert_eq!(outcome.confidence, Confidence::Printed);
    assert_eq!((bed.printer.taken(), bed.printer.sheets()), (1, 3));
}

#[tokio::test]
async fn what_became_of_a_job_is_asked_again_when_it_could_not_be_found_out_at_once() {
    let mut bed = Bed::new(PrinterSpec::office()).await;
    let faults = vec![Fault::LoseAnswers(1), Fault::Garbage(3)];
    let notes = Notes { when_begun: Some((bed.printer.clone(), faults)), ..Notes::attempt(1) };
    let error = bed.print(2, &notes).await.unwrap_err();
    assert_eq!((error.kind, error.code), (ErrorKind::OutcomeUnknown, "in-doubt"), "{error}");
    bed.wait_status(|status| !status.online).await;
    bed.driver.connect().await.unwrap();
    let Resolution::Done(outcome) = bed.resolve(&notes).await.unwrap() else { panic!("it is printed") };
    assert_eq!(outcome.confidence, Confidence::Printed);
    assert_eq!((bed.printer.taken(), bed.printer.sheets()), (1, 2));
}

#[tokio::test]
async fn a_printer_that_is_not_there_when_the_job_is_to_leave_gets_it_later() {
    let mut bed = Bed::new(PrinterSpec::office()).await;
    bed.printer.inject(Fault::PowerOff);
    while bed.driver.connect().await.is_ok() {
        tokio::task::yield_now().await;
    }
    let notes = Notes::attempt(1);
    let error = bed.print(1, &notes).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotSent, "{error}");
    assert!(!notes.begun());
}

#[tokio::test]
async fn a_printer_switched_off_in_the_middle_of_a_job_leaves_it_uncertain() {
    let mut bed = Bed::new(PrinterSpec::office()).await;
    bed.printer.inject(Fault::SheetsLeft(1));
    let (printer, notes) = (bed.printer.clone(), Notes::attempt(1));
    let off = async {
        notes.wait_until_told("paper-out").await;
        printer.inject(Fault::PowerOff);
    };
    let (error, ()) = tokio::join!(bed.print(2, &notes), off);
    assert_eq!(error.unwrap_err().kind, ErrorKind::OutcomeUnknown);
    bed.wait_status(|status| !status.online).await;
    bed.printer.inject(Fault::PowerOn);
    while bed.driver.connect().await.is_err() {
        tokio::task::yield_now().await;
    }
    let Resolution::Unknown(why) = bed.resolve(&notes).await.unwrap() else { panic!("nobody knows") };
    assert!(why.contains("switched off and on"), "{why}");
    assert_eq!(bed.printer.taken(), 1, "it was not sent again");
}

#[tokio::test]
async fn a_request_cut_in_its_middle_is_uncertain_and_the_printer_can_not_tell() {
    let mut bed = Bed::new(PrinterSpec::office()).await;
    bed.printer.inject(Fault::CutRequests(1));
    let notes = Notes::attempt(1);
    let error = bed.print(1, &notes).await.unwrap_err();
    assert_eq!((error.kind, error.code), (ErrorKind::OutcomeUnknown, "in-doubt"), "{error}");
    assert_eq!(bed.printer.taken(), 0);
    let Resolution::Unknown(why) = bed.resolve(&notes).await.unwrap() else { panic!("nobody knows") };
    assert!(why.contains("never got it"), "{why}");
}

#[tokio::test]
async fn a_printer_that_was_restarted_has_forgotten_the_job_and_says_so() {
    let mut bed = Bed::new(PrinterSpec::office()).await;
    bed.printer.inject(Fault::Hold);
    let (printer, notes) = (bed.printer.clone(), Notes::attempt(1));
    let restart = async {
        notes.wait_until_told("held-at-device").await;
        printer.inject(Fault::Restart);
    };
    let (error, ()) = tokio::join!(bed.print(1, &notes), restart);
    assert_eq!(error.unwrap_err().kind, ErrorKind::OutcomeUnknown);
    let Resolution::Unknown(why) = bed.resolve(&notes).await.unwrap() else { panic!("nobody knows") };
    assert!(why.contains("switched off and on"), "{why}");
}

#[tokio::test]
async fn the_number_of_a_forgotten_job_is_not_taken_for_it_when_another_has_it() {
    let mut bed = Bed::new(PrinterSpec::office()).await;
    bed.print(1, &Notes::attempt(5)).await.unwrap();
    let other = Notes::attempt(6);
    *other.baseline.lock().unwrap() = Some(json!({ "name": "outletd office 01JE 6", "job_id": 1 }));
    let resolution = bed.resolve(&other).await.unwrap();
    assert!(matches!(resolution, Resolution::Unknown(_)), "{resolution:?}");
}

#[tokio::test]
async fn a_job_that_does_not_go_on_becomes_uncertain() {
    let mut options = quick();
    options["stuck_s"] = 1.into();
    let mut bed = Bed::unconnected(PrinterSpec::office(), options).await;
    bed.driver.connect().await.unwrap();
    bed.printer.inject(Fault::Stall);
    let notes = Notes::attempt(1);
    let error = bed.print(1, &notes).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::OutcomeUnknown);
    assert!(error.message.contains("does not go on"), "{error}");
    let error = bed.resolve(&notes).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Busy, "it is asked again later");
}

#[tokio::test]
async fn a_busy_printer_gets_the_job_later_and_one_that_wants_a_password_never() {
    let mut bed = Bed::new(PrinterSpec::office()).await;
    let answers = [
        // server-error-busy, server-error-not-accepting-jobs, client-error-not-authorized,
        // client-error-document-format-not-supported, server-error-internal-error.
        (0x0507, ErrorKind::Busy, "device-busy", "tried again"),
        (0x0506, ErrorKind::Busy, "device-busy", "let the printer's queue take jobs"),
        (0x0403, ErrorKind::Rejected, "forbidden", "without a password"),
        (0x040A, ErrorKind::Unsupported, "unsupported", "behind a print server"),
        (0x0500, ErrorKind::Rejected, "device-fault", "look at the printer's panel"),
    ];
    for (status, kind, code, remedy) in answers {
        bed.printer.inject(Fault::Refuse { status, times: 1 });
        let error = bed.print(1, &Notes::attempt(1)).await.unwrap_err();
        assert_eq!((error.kind, error.code), (kind, code), "{error}");
        assert!(error.message.contains(&format!("0x{status:04x}")), "{error}");
        assert!(error.message.contains(remedy), "{error}");
    }
    assert_eq!(bed.printer.taken(), 0);
}

#[tokio::test]
async fn a_printer_that_takes_no_jobs_is_waited_for() {
    let mut bed = Bed::new(PrinterSpec::office()).await;
    bed.printer.inject(Fault::RefuseJobs);
    let (printer, notes) = (bed.printer.clone(), Notes::attempt(1));
    let allow = async {
        notes.wait_until_told("not-accepting").await;
        printer.inject(Fault::AcceptJobs);
    };
    let (outcome, ()) = tokio::join!(bed.print(1, &notes), allow);
    outcome.unwrap();
}

#[tokio::test]
async fn an_agent_that_ends_at_once_leaves_a_begun_job_in_doubt_and_another_untouched() {
    let mut bed = Bed::new(PrinterSpec::office()).await;
    bed.printer.inject(Fault::Pause);
    let notes = Notes::attempt(1);
    let abort = async {
        notes.wait_until_told("paused").await;
        notes.abort.send_replace(true);
    };
    let (error, ()) = tokio::join!(bed.print(1, &notes), abort);
    assert_eq!(error.unwrap_err().kind, ErrorKind::Stopped);

    bed.printer.inject(Fault::Resume);
    bed.printer.inject(Fault::Hold);
    let notes = Notes::attempt(2);
    let abort = async {
        notes.wait_until_told("held-at-device").await;
        notes.abort.send_replace(true);
    };
    let (error, ()) = tokio::join!(bed.print(1, &notes), abort);
    assert_eq!(error.unwrap_err().kind, ErrorKind::OutcomeUnknown);
    bed.printer.inject(Fault::Release);
    let Resolution::Done(_) = bed.resolve(&notes).await.unwrap() else { panic!("it is printed after all") };
    assert_eq!(bed.printer.jobs()[0].state, JobState::Completed);
}

#[tokio::test]
async fn the_idle_printer_is_asked_how_it_is() {
    let mut bed = Bed::new(PrinterSpec::office()).await;
    bed.printer.inject(Fault::TonerLow);
    assert!(!bed.idles_until(&["toner-low"]).await.is_hindered(), "a notice only");
    bed.printer.inject(Fault::OpenCover);
    assert!(bed.idles_until(&["cover-open", "toner-low"]).await.is_hindered());
    bed.printer.inject(Fault::CloseCover);
    bed.printer.inject(Fault::NewToner);
    bed.printer.inject(Fault::SheetsLeft(0));
    bed.idles_until(&["paper-out"]).await;
    bed.printer.inject(Fault::Refill);
    bed.idles_until(&[]).await;
}

#[tokio::test]
async fn a_printer_that_was_switched_off_is_used_again_when_it_is_back() {
    let mut bed = Bed::new(PrinterSpec::office()).await;
    bed.printer.inject(Fault::PowerOff);
    let error = bed.driver.idle().await;
    assert_eq!((error.kind, error.code), (ErrorKind::NotSent, "device-offline"));
    let status = bed.wait_status(|status| !status.online).await;
    assert!(status.problem.unwrap().contains("network cable"));
    bed.printer.inject(Fault::PowerOn);
    while bed.driver.connect().await.is_err() {
        tokio::task::yield_now().await;
    }
    bed.wait_status(|status| status.online && status.conditions.is_empty()).await;
    bed.print(1, &Notes::attempt(1)).await.unwrap();
    assert_eq!(bed.printer.sheets(), 1);
}

#[tokio::test]
async fn what_is_no_printer_is_named_with_what_to_do() {
    let no_pdf = PrinterSpec { formats: vec!["image/urf".into()], ..PrinterSpec::office() };
    let faults = [
        (PrinterSpec::office(), Some(Fault::Garbage(1)), "port 631"),
        (PrinterSpec::office(), Some(Fault::CutAnswers(1)), "it ends in the middle"),
        (PrinterSpec::office(), Some(Fault::HttpStatus { status: 401, times: 1 }), "without a password"),
        (PrinterSpec::office(), Some(Fault::HttpStatus { status: 426, times: 1 }), "without encryption"),
        (PrinterSpec::office(), Some(Fault::HttpStatus { status: 503, times: 1 }), "HTTP status 503"),
        (PrinterSpec::office(), Some(Fault::Silence), "no answer within 0.3 s"),
        (no_pdf, None, "prints no PDF; it prints image/urf"),
    ];
    for (spec, fault, words) in faults {
        let mut options = quick();
        options["answer_ms"] = 300.into();
        let mut bed = Bed::unconnected(spec, options).await;
        fault.into_iter().for_each(|fault| bed.printer.inject(fault));
        let error = bed.driver.connect().await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::NotSent);
        assert!(error.message.contains(words), "{error}");
        assert!(error.message.starts_with(&bed.printer.link()), "{error}");
    }
    let printer = IppPrinter::new(PrinterSpec::office());
    let address = printer.serve_tcp("127.0.0.1:0").await.unwrap();
    let (mut built, _) = build(&format!("ipp://{address}/printers/office"), quick()).unwrap();
    let error = built.driver.connect().await.unwrap_err();
    assert!(error.message.contains("no queue of this path"), "{error}");
}

#[tokio::test]
async fn the_requests_say_how_the_printer_is_and_what_it_is() {
    let mut bed = Bed::unconnected(PrinterSpec::office(), quick()).await;
    let status = bed.driver.request(&Request::Status).await.unwrap();
    assert_eq!((&status["state"], &status["conditions"]), (&json!("idle"), &json!([])));
    let identity = bed.driver.request(&Request::Identify).await.unwrap();
    assert_eq!(identity["identity"]["name"], "Simulated Office Printer");
    assert_eq!((&identity["copies"], &identity["formats"][1]), (&json!(99), &json!("application/pdf")));
    let error = bed.driver.request(&Request::Zero).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unsupported);
}

#[tokio::test]
async fn the_test_prints_a_page_or_says_why_not() {
    let mut bed = Bed::unconnected(PrinterSpec::office(), quick()).await;
    let report = bed.driver.request(&Request::Test).await.unwrap();
    assert_eq!(
        (&report["ok"], &report["printed"], &report["verdict"]),
        (&json!(true), &json!(true), &json!([]))
    );
    assert_eq!(bed.printer.sheets(), 1);
    assert!(report["page_checks"][0].as_str().unwrap().contains("96 characters"));

    bed.printer.inject(Fault::SheetsLeft(0));
    bed.printer.inject(Fault::TonerLow);
    let report = bed.driver.request(&Request::Test).await.unwrap();
    assert_eq!((&report["ok"], &report["printed"]), (&json!(false), &json!(false)));
    assert_eq!(report["verdict"][0]["remedy"], "fill its tray");
    assert_eq!(report["verdict"][1]["suspect"], "toner");
    assert_eq!(bed.printer.sheets(), 1);

    bed.printer.inject(Fault::PowerOff);
    while bed.driver.connect().await.is_ok() {
        tokio::task::yield_now().await;
    }
    let report = bed.driver.request(&Request::Test).await.unwrap();
    assert_eq!((&report["ok"], &report["verdict"][0]["suspect"]), (&json!(false), &json!("network")));
}

#[tokio::test]
async fn what_has_no_place_on_a_page_is_refused_before_it_is_accepted() {
    let bed = Bed::unconnected(PrinterSpec::office(), quick()).await;
    let check = |blocks: Value| {
        let document = Document::from_value(json!({ "blocks": blocks })).unwrap();
        bed.check.check(&Work::Print(Arc::new(document)))
    };
    check(json!([{ "type": "text", "text": "x" }, { "type": "beep" }])).unwrap();
    let error = check(json!([{ "type": "drawer" }])).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unsupported);
    let error = check(json!([{ "type": "image", "data": "bm8=" }])).unwrap_err();
    assert_eq!((error.kind, error.code), (ErrorKind::Rejected, "invalid-request"));
}

#[test]
fn settings_that_can_not_work_are_found_before_start() {
    let fault = |link: &str, options: Value| build(link, options).err().expect("refused");
    assert_eq!(fault("tcp://10.0.0.30:9100", Value::Null).key, "link");
    assert_eq!(fault("ipp://10.0.0.30", json!({ "poll_ms": 1 })).key, "options.poll_ms");
    assert_eq!(fault("ipp://10.0.0.30", json!({ "polls": 1 })).key, "options");
    let (built, _) = build("ipp://10.0.0.30", Value::Null).unwrap();
    assert_eq!(built.description.link, "ipp://10.0.0.30:631/ipp/print");
    assert_eq!(built.description.limits["columns"], 96);
}
