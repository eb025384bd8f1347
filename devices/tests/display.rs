//! The driver of customer displays against the simulated display, over TCP and a pseudo terminal.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use outlet_devices::driver::*;
use outlet_devices::error::DeviceError;
use outlet_devices::registry;
use outlet_protocols::display::DisplayDocument;
use outlet_simulators::display::{Display, DisplaySpec, Fault};
use serde_json::{Value, json};
use tokio::sync::watch;

struct Bed {
    display: Display,
    driver: Box<dyn Driver>,
    check: Arc<dyn Check>,
    status: watch::Receiver<DeviceStatus>,
}

fn build(
    model: &str,
    link: &str,
    options: Value,
) -> Result<(Built, watch::Receiver<DeviceStatus>), SettingsError> {
    let (model, link) = (Some(model.into()), link.into());
    let settings = Settings { id: "guest".into(), model, link, options, codes: Default::default() };
    let (sink, status) = watch::channel(DeviceStatus::default());
    let built = registry::find("display").unwrap().build(&settings, Report::of_status(sink))?;
    Ok((built, status))
}

impl Bed {
    async fn on_tcp(model: &str, spec: DisplaySpec, options: Value) -> Self {
        let display = Display::new(spec);
        let addr = display.serve_tcp("127.0.0.1:0").await.unwrap();
        let (built, status) = build(model, &format!("tcp://{addr}"), options).unwrap();
        let mut bed = Self { display, driver: built.driver, check: built.check, status };
        bed.driver.connect().await.unwrap();
        bed
    }

    async fn show(&mut self, document: Value) -> Result<Outcome, DeviceError> {
        let work = Work::Display(Arc::new(DisplayDocument::parse(&document).unwrap()));
        self.check.check(&work)?;
        let command = Command { job: "01JD".into(), work, copies: 1, heading: Vec::new() };
        self.driver.execute(&command, &NoJournal).await
    }
}

struct NoJournal;

impl JobContext for NoJournal {
    fn attempt(&self) -> u64 {
        1
    }
    fn begin(&self, _: Value) -> BoxFuture<'_, Result<(), DeviceError>> {
        Box::pin(async { Ok(()) })
    }
    fn note(&self, _: Value) -> BoxFuture<'_, Result<(), DeviceError>> {
        Box::pin(async { Ok(()) })
    }
    fn memory(&self) -> Value {
        Value::Null
    }
    fn waiting(&self, _: Option<Waiting>) {}
    fn trace(&self, _: Direction, _: &[u8]) {}
    fn aborted(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::pending())
    }
}

fn kinds() -> [(&'static str, DisplaySpec); 3] {
    [
        ("cd5220", DisplaySpec::cd5220()),
        ("escpos-2x20", DisplaySpec::esc_pos()),
        ("epson-dm-d110", DisplaySpec::epson_dm()),
    ]
}

#[tokio::test]
async fn a_text_stands_on_every_kind_of_display_and_nothing_is_sent_that_it_does_not_know() {
    for (model, spec) in kinds() {
        let mut bed = Bed::on_tcp(model, spec, Value::Null).await;
        let outcome = bed.show(json!({"lines": ["Cappuccino\t2.50", "Total\t12.40"]})).await.unwrap();
        assert_eq!(outcome.confidence, Confidence::Sent);
        bed.display.wait_screen("Cappuccino      2.50", "Total          12.40").await;
        let outcome = bed.show(json!({"lines": ["Change 7.60"]})).await.unwrap();
        assert_eq!(outcome.result, json!({"replaced": "", "cut": []}));
        bed.display.wait_screen("Change 7.60", "").await;
        assert_eq!(bed.display.violations(), Vec::<String>::new(), "{model}");
    }
}

#[tokio::test]
async fn cyrillic_is_shown_in_the_page_of_the_model() {
    let spec = DisplaySpec::epson_dm().with_page(17, "CP866");
    let mut bed = Bed::on_tcp("epson-dm-d110", spec, json!({"page": "cp866"})).await;
    bed.show(json!({"lines": ["Капучино", "К оплате\t250.00"]})).await.unwrap();
    bed.display.wait_screen("Капучино", "К оплате      250.00").await;
}

#[tokio::test]
async fn what_the_display_lacks_and_what_was_cut_is_told() {
    let mut bed = Bed::on_tcp("cd5220", DisplaySpec::cd5220(), Value::Null).await;
    let document = json!({"lines": ["ok", "a line that is longer than twenty columns \u{4f60}"]});
    let outcome = bed.show(document).await.unwrap();
    assert_eq!(outcome.result["cut"], json!([1]));
    let error = bed.show(json!({"lines": ["1", "2", "3"]})).await.unwrap_err();
    assert!(error.message.contains("lines: 3 lines"), "{error}");
}

#[tokio::test]
async fn a_display_that_was_unplugged_shows_the_same_when_it_is_back() {
    let path = std::env::temp_dir().join(format!("outlet-display-{}", std::process::id()));
    let display = Display::new(DisplaySpec::cd5220());
    display.serve_pty(&path).unwrap();
    let (built, mut status) = build("cd5220", &format!("serial://{}", path.display()), Value::Null).unwrap();
    let mut bed = Bed { display, driver: built.driver, check: built.check, status: status.clone() };
    bed.driver.connect().await.unwrap();
    bed.show(json!({"lines": ["Total\t12.40"]})).await.unwrap();
    bed.display.wait_screen("Total          12.40", "").await;
    bed.display.inject(Fault::Unplug);
    bed.driver.idle().await;
    status.wait_for(|status| !status.online).await.unwrap();
    bed.display.inject(Fault::Replug);
    while bed.driver.connect().await.is_err() {
        tokio::task::yield_now().await;
    }
    bed.display.wait_screen("Total          12.40", "").await;
    assert!(bed.status.borrow().online);
}

#[tokio::test]
async fn a_long_line_moves_and_the_idle_text_takes_its_place_in_time() {
    let options =
        json!({"idle": {"lines": ["Welcome"], "align": "center"}, "idle_after_s": 1, "scroll_ms": 50});
    let mut bed = Bed::on_tcp("cd5220", DisplaySpec::cd5220(), options).await;
    bed.display.wait_screen("      Welcome", "").await;
    bed.show(json!({"lines": ["Croissant with almonds and honey"], "overflow": "scroll"})).await.unwrap();
    bed.display.wait_screen("Croissant with almon", "").await;
    let display = bed.display.clone();
    tokio::select! {
        error = bed.driver.idle() => panic!("{error}"),
        () = async {
            display.wait_screen("roissant with almond", "").await;
            display.wait_screen("      Welcome", "").await;
        } => {}
    }
    assert_eq!(bed.display.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn the_technicians_test_shows_every_place() {
    let mut bed = Bed::on_tcp("escpos-2x20", DisplaySpec::esc_pos(), Value::Null).await;
    let told = bed.driver.request(&Request::Test).await.unwrap();
    assert_eq!(told["ok"], true, "{told}");
    bed.display.wait_state(|state| state.lines[0] == "12345678901234567890").await;
    let error = bed.driver.request(&Request::Zero).await.unwrap_err();
    assert_eq!(error.code, "unsupported");
}

#[test]
fn wrong_settings_are_told_with_their_key() {
    let key = |model: &str, link: &str, options: Value| build(model, link, options).err().unwrap().key;
    let link = "tcp://127.0.0.1:9";
    assert_eq!(key("no-such", link, Value::Null), "model");
    assert_eq!(key("cd5220", "usb://04b8:0e28", Value::Null), "link");
    assert_eq!(key("cd5220", link, json!({"page": "cp9999"})), "options.page");
    assert_eq!(key("cd5220", link, json!({"idle": {"lines": []}})), "options.idle");
    assert_eq!(key("cd5220", link, json!({"scroll_ms": 1})), "options.scroll_ms");
    assert_eq!(key("cd5220", link, json!({"colour": "red"})), "options");
}
