//! A configuration that can't work ends before start, with file, line, the remedy, and exit code 78.

#![allow(clippy::unwrap_used)] // helpers of tests, too

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use outletd::config::{self, Config, EXIT_CONFIG};
use outletd::rights::Right;
use tempfile::TempDir;

const KITCHEN: &str = r#"
[[device]]
id = "kitchen"
driver = "escpos"
model = "epson-tm-t20iii"
link = "tcp://10.0.0.20:9100"
"#;

const TOKEN: &str = "0123456789abcdef";

/// `outletd.toml` and what stands beside it.
struct Files {
    folder: TempDir,
}

impl Files {
    fn with(main: &str) -> Self {
        let files = Self { folder: tempfile::tempdir().unwrap() };
        fs::write(files.main(), main).unwrap();
        files
    }

    fn and(self, name: &str, text: &str) -> Self {
        let path = self.at(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    fn main(&self) -> PathBuf {
        self.at("outletd.toml")
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn load(&self) -> Config {
        config::load(&self.main()).unwrap()
    }

    /// What `outletd validate` says of it.
    fn complaint(&self) -> String {
        self.complaint_with([])
    }

    fn complaint_with<const N: usize>(&self, environment: [(&str, &str); N]) -> String {
        let output = outletd([OsStr::new("validate"), self.main().as_os_str()], environment);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(i32::from(EXIT_CONFIG)), "{said}");
        assert!(output.stdout.is_empty());
        said
    }

    /// Asserts that the one complaint is about a line of a file.
    #[track_caller]
    fn complains(&self, file: &str, line: usize, words: &[&str]) {
        let said = self.complaint();
        let place = format!("{}:{line}: ", self.at(file).display());
        assert!(said.starts_with(&place), "{said} is not about {place}");
        assert_eq!(said.lines().count(), 1, "{said}");
        says_all(&said, words);
    }
}

#[track_caller]
fn says_all(said: &str, words: &[&str]) {
    for word in words {
        assert!(said.contains(word), "{word:?} is not said: {said}");
    }
}

fn outletd<'a>(
    arguments: impl IntoIterator<Item = &'a OsStr>,
    environment: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Output {
    Command::new(env!("CARGO_BIN_EXE_outletd"))
        .args(arguments)
        .env_clear()
        .envs(environment)
        .output()
        .unwrap()
}

#[test]
fn a_good_configuration_is_said_to_be_good() {
    let files = Files::with(&format!("outlet = \"demo\"\n{KITCHEN}"));
    let output = outletd([OsStr::new("validate"), files.main().as_os_str()], []);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    says_all(&said, &["good", "outlet/v1/demo", "1 device", "the embedded broker"]);
}

#[test]
fn an_unknown_key_is_named_with_its_line_and_the_keys_there_are() {
    Files::with("outlet = \"demo\"\n\ncolour = \"red\"\n").complains(
        "outletd.toml",
        3,
        &["unknown field `colour`", "expected one of `outlet`", "`device`"],
    );
}

#[test]
fn an_unknown_key_of_a_table_is_named_with_its_line() {
    Files::with("outlet = \"demo\"\n[journal]\nkeep_days = 14\nkeep_weeks = 2\n").complains(
        "outletd.toml",
        4,
        &["journal.keep_weeks", "unknown field", "`keep_feed_days`"],
    );
}

#[test]
fn an_unknown_key_of_a_device_is_named_with_its_line() {
    Files::with(&format!("outlet = \"demo\"{KITCHEN}speed = 9600\n")).complains(
        "outletd.toml",
        7,
        &["device[0].speed", "unknown field", "`fallback`"],
    );
}

#[test]
fn an_unknown_table_is_named_with_its_line() {
    Files::with("outlet = \"demo\"\n\n[printers]\nkitchen = \"10.0.0.20\"\n").complains(
        "outletd.toml",
        3,
        &["unknown field `printers`", "`device`"],
    );
}

#[test]
fn a_single_table_for_devices_is_not_passed_over() {
    let one = KITCHEN.replace("[[device]]", "[device]");
    Files::with(&format!("outlet = \"demo\"{one}")).complains("outletd.toml", 2, &["write [[device]]"]);
}

#[test]
fn a_value_of_a_wrong_type_is_named_with_its_line_and_what_is_expected() {
    Files::with("outlet = \"demo\"\n[queue]\nmax_depth = \"many\"\n").complains(
        "outletd.toml",
        3,
        &["queue.max_depth", "invalid type", "integer"],
    );
    Files::with("outlet = \"demo\"\nbroker = \"mqtt://broker\"\n").complains(
        "outletd.toml",
        2,
        &["broker", "invalid type"],
    );
}

#[test]
fn a_mistake_of_syntax_is_named_with_its_line() {
    Files::with("outlet = \"demo\"\n\n[journal\nkeep_days = 14\n").complains("outletd.toml", 3, &[]);
    Files::with("outlet = \"demo\"\noutlet = \"again\"\n").complains("outletd.toml", 2, &["duplicate key"]);
}

#[test]
fn a_missing_outlet_is_named_with_its_file() {
    let files = Files::with("# nothing yet\n");
    let said = files.complaint();
    says_all(&said, &["outletd.toml", "outlet"]);
}

#[test]
fn a_missing_key_of_a_device_is_named_with_the_line_of_its_table() {
    let keyless = KITCHEN.replace("link = \"tcp://10.0.0.20:9100\"\n", "");
    let said = Files::with(&format!("outlet = \"demo\"{keyless}")).complaint();
    says_all(&said, &["outletd.toml:2: ", "device[0]", "link"]);
}

#[test]
fn a_file_that_is_not_there_is_named_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("outletd.toml");
    let output = outletd([OsStr::new("validate"), missing.as_os_str()], []);
    assert_eq!(output.status.code(), Some(78));
    let said = String::from_utf8(output.stderr).unwrap();
    says_all(&said, &[&missing.display().to_string(), "give the path of the configuration"]);
}

#[test]
fn names_that_can_not_stand_in_a_topic_are_refused() {
    Files::with("outlet = \"Trattoria Roma\"\n").complains("outletd.toml", 1, &["1 to 64 of a-z 0-9 -"]);
    Files::with(&format!("outlet = \"demo\"{}", KITCHEN.replace("\"kitchen\"", "\"Küche\""))).complains(
        "outletd.toml",
        3,
        &["device[0].id", "1 to 64 of a-z 0-9 -"],
    );
    for prefix in ["", "outlet/+/x", "outlet/#", "outlet/", "/outlet", "$SYS/outlet"] {
        Files::with(&format!("outlet = \"demo\"\nprefix = \"{prefix}\"\n")).complains(
            "outletd.toml",
            2,
            &["prefix", "without + and #"],
        );
    }
}

#[test]
fn two_devices_on_one_address_are_refused_and_both_places_are_named() {
    let second = KITCHEN.replace("kitchen", "bar").replace("tcp://10.0.0.20:9100", "tcp://10.0.0.20");
    let files = Files::with(&format!("outlet = \"demo\"{KITCHEN}{second}"));
    let first = format!("{}:6", files.main().display());
    files.complains(
        "outletd.toml",
        12,
        &["tcp://10.0.0.20 is already used by device \"kitchen\"", &first, "remove one or give it its own"],
    );
}

#[test]
fn two_names_of_one_serial_port_are_one_port() {
    let files = Files::with("").and("ttyUSB0", "");
    let (port, by_id) = (files.at("ttyUSB0"), files.at("by-id"));
    std::os::unix::fs::symlink(&port, &by_id).unwrap();
    let on = |id: &str, port: &Path| {
        format!("[[device]]\nid = \"{id}\"\ndriver = \"escpos\"\nlink = \"serial://{}\"\n", port.display())
    };
    let text = format!("outlet = \"demo\"\n{}{}", on("kitchen", &port), on("bar", &by_id));
    fs::write(files.main(), text).unwrap();
    files.complains("outletd.toml", 9, &["is already used by device \"kitchen\"", "can't share a port"]);
}

/// A thermometer on Modbus.
fn thermometer(id: &str, link: &str, options: &str) -> String {
    format!(
        "[[device]]\nid = \"{id}\"\ndriver = \"sensor\"\nmodel = \"xy-md02\"\nlink = \"{link}\"\noptions = {{ {options} }}\n"
    )
}

#[test]
fn devices_on_one_modbus_line_share_its_link_when_each_has_its_own_number() {
    let line = "serial:///dev/ttyUSB0?baud=9600";
    let (first, second) =
        (thermometer("fridge", line, "unit_id = 2"), thermometer("freezer", line, "unit_id = 3"));
    let relay = format!(
        "[[device]]\nid = \"door\"\ndriver = \"relay\"\nmodel = \"lctech-relay\"\nlink = \"{line}\"\n"
    );
    let files = Files::with(&format!("outlet = \"demo\"\n{first}{second}{relay}"));
    assert_eq!(files.load().device.len(), 3);

    let same = thermometer("freezer", line, "unit_id = 2");
    Files::with(&format!("outlet = \"demo\"\n{first}{same}")).complains(
        "outletd.toml",
        12,
        &["is already used by device \"fridge\"", "both are unit 2", "`unit_id`"],
    );
    let faster = thermometer("freezer", "serial:///dev/ttyUSB0?baud=19200", "unit_id = 3");
    Files::with(&format!("outlet = \"demo\"\n{first}{faster}")).complains(
        "outletd.toml",
        12,
        &["is already used by device \"fridge\"", "the same link, letter for letter"],
    );
    let printer = format!("[[device]]\nid = \"bar\"\ndriver = \"escpos\"\nlink = \"{line}\"\n");
    Files::with(&format!("outlet = \"demo\"\n{first}{printer}")).complains(
        "outletd.toml",
        11,
        &["is already used by device \"fridge\"", "can't share a port"],
    );
}

#[test]
fn on_modbus_tcp_a_link_without_a_port_is_its_port_502_and_not_that_of_printers() {
    let fridge = thermometer("fridge", "tcp://10.0.0.9", "unit_id = 2");
    let printer = |port: u16| {
        format!("[[device]]\nid = \"bar\"\ndriver = \"escpos\"\nlink = \"tcp://10.0.0.9:{port}\"\n")
    };
    let freezer = |unit: u8| thermometer("freezer", "tcp://10.0.0.9:502", &format!("unit_id = {unit}"));
    let with = |other: String| Files::with(&format!("outlet = \"demo\"\n{fridge}{other}"));
    assert_eq!(with(freezer(3)).load().device.len(), 2);
    assert_eq!(with(printer(9100)).load().device.len(), 2);
    let used = "is already used by device \"fridge\"";
    with(freezer(2)).complains("outletd.toml", 12, &[used, "both are unit 2"]);
    with(printer(502)).complains("outletd.toml", 11, &[used, "can't share a port"]);
}

#[test]
fn a_usb_printer_without_a_serial_number_claims_every_one_of_its_kind() {
    let on =
        |id: &str, link: &str| format!("[[device]]\nid = \"{id}\"\ndriver = \"escpos\"\nlink = \"{link}\"\n");
    let (any, one) = (on("kitchen", "usb://04b8:0e28"), on("bar", "usb://04b8:0e28/J3XY01"));
    Files::with(&format!("outlet = \"demo\"\n{any}{one}")).complains("outletd.toml", 9, &["already used"]);
    let (first, second) = (on("kitchen", "usb://04b8:0e28/J3XY02"), one);
    assert_eq!(Files::with(&format!("outlet = \"demo\"\n{first}{second}")).load().device.len(), 2);
}

#[test]
fn a_device_id_is_given_once_also_over_several_files() {
    let again = KITCHEN.replace("10.0.0.20", "10.0.0.21");
    let files = Files::with(&format!("outlet = \"demo\"{KITCHEN}")).and("conf.d/bar.toml", &again);
    let first = format!("{}:3", files.main().display());
    files.complains("conf.d/bar.toml", 3, &["already a device \"kitchen\"", &first, "give it another id"]);
}

#[test]
fn an_unknown_driver_is_answered_with_those_there_are() {
    Files::with(&format!("outlet = \"demo\"{}", KITCHEN.replace("escpos", "escpoo"))).complains(
        "outletd.toml",
        4,
        &["unknown driver \"escpoo\"", "escpos"],
    );
}

#[test]
fn an_unknown_model_is_answered_with_the_nearest() {
    Files::with(&format!("outlet = \"demo\"{}", KITCHEN.replace("t20iii", "t20iv"))).complains(
        "outletd.toml",
        5,
        &["no model \"epson-tm-t20iv\"", "epson-tm-t20iii"],
    );
}

#[test]
fn an_unknown_option_is_named_with_its_line_and_those_there_are() {
    let options = "[device.options]\ncodepage = \"cp866\"\nflavour = \"sweet\"\n";
    Files::with(&format!("outlet = \"demo\"{KITCHEN}{options}")).complains(
        "outletd.toml",
        9,
        &["device[0].options.flavour", "unknown field", "`codepage`"],
    );
}

#[test]
fn a_code_page_that_the_model_lacks_is_answered_with_those_it_has() {
    let options = "[device.options]\ncodepage = \"cp9999\"\n";
    Files::with(&format!("outlet = \"demo\"{KITCHEN}{options}")).complains(
        "outletd.toml",
        8,
        &["device[0].options.codepage", "cp9999", "cp866"],
    );
}

#[test]
fn a_link_that_is_none_is_answered_with_what_one_looks_like() {
    for (link, remedy) in [
        ("10.0.0.20:9100", "write tcp://10.0.0.20:9100"),
        ("tcp://10.0.0.20:99999", "1 to 65535"),
        ("serial://ttyUSB0", "serial:///dev/ttyUSB0"),
        ("serial:///dev/ttyUSB0?baud=fast", "baud"),
        ("usb://epson", "outletd devices"),
    ] {
        let device = KITCHEN.replace("tcp://10.0.0.20:9100", link);
        Files::with(&format!("outlet = \"demo\"{device}")).complains("outletd.toml", 6, &[remedy]);
    }
}

#[test]
fn a_fallback_is_another_device_that_there_is() {
    let with =
        |fallback: &str| Files::with(&format!("outlet = \"demo\"{KITCHEN}fallback = \"{fallback}\"\n"));
    with("kitchen").complains("outletd.toml", 7, &["can't take over from itself", "name another one"]);
    with("cellar").complains("outletd.toml", 7, &["no device \"cellar\"", "name one that is configured"]);
}

#[test]
fn ids_are_kept_for_seven_days_at_least() {
    Files::with("outlet = \"demo\"\n[journal]\nkeep_days = 6\n").complains(
        "outletd.toml",
        3,
        &["journal.keep_days", "at least 7 days"],
    );
    assert_eq!(Files::with("outlet = \"demo\"\n[journal]\nkeep_days = 7\n").load().journal.keep_days, 7);
}

#[test]
fn a_broker_address_that_is_none_is_answered_with_what_one_looks_like() {
    for url in ["broker.example", "http://broker.example", "mqtt://", "mqtt://broker:port"] {
        Files::with(&format!("outlet = \"demo\"\n[broker]\nurl = \"{url}\"\n")).complains(
            "outletd.toml",
            3,
            &["broker.url", "mqtt://host:1883"],
        );
    }
}

#[test]
fn a_broker_beyond_this_machine_is_spoken_to_with_tls_unless_the_opposite_is_said() {
    let with =
        |url: &str, more: &str| Files::with(&format!("outlet = \"demo\"\n[broker]\nurl = \"{url}\"\n{more}"));
    for url in ["mqtt://10.0.0.9", "mqtt://broker.example:1883", "mqtt://127.0.0.1.broker.example"] {
        with(url, "").complains("outletd.toml", 3, &["broker.url", "mqtts://", "[broker] plain = true"]);
        assert!(with(url, "plain = true\n").load().broker.unwrap().is_open(), "{url}");
    }
    for url in ["mqtt://127.0.0.1", "mqtt://localhost:1884", "mqtt://[::1]:1883", "mqtts://broker.example"] {
        assert!(!with(url, "").load().broker.unwrap().is_open(), "{url}");
    }
}

#[test]
fn a_cluster_has_an_address_for_each_node_all_with_tls_or_none() {
    let with = |url: &str| Files::with(&format!("outlet = \"demo\"\n[broker]\nurl = {url}\nplain = true\n"));
    let config = with("[\"mqtt://a\", \"mqtt://b:1884\"]").load();
    assert_eq!(config.broker.unwrap().url.all(), ["mqtt://a", "mqtt://b:1884"]);
    with("[]").complains("outletd.toml", 3, &["broker.url", "mqtt://host:1883"]);
    with("[\"mqtt://a\", \"b\"]").complains("outletd.toml", 3, &["broker.url", "\"b\"", "mqtt://host:1883"]);
    with("[\"mqtt://a\", \"mqtts://b\"]").complains("outletd.toml", 3, &["broker.url", "mqtts:// for all"]);
    with("1883").complains("outletd.toml", 3, &["broker.url", "expected an address, or a list of addresses"]);
}

#[test]
fn a_version_of_mqtt_that_the_agent_does_not_speak_is_refused() {
    let with = |version: &str| {
        Files::with(&format!("outlet = \"demo\"\n[broker]\nurl = \"mqtts://a\"\nprotocol = {version}\n"))
    };
    for version in ["\"5\"", "\"3.1.1\""] {
        with(version).load();
    }
    with("\"3.1\"").complains("outletd.toml", 4, &["broker.protocol", "\"3.1\"", "\"5\" or \"3.1.1\""]);
}

#[test]
fn an_open_port_without_users_is_refused() {
    Files::with("outlet = \"demo\"\n[embedded]\nmqtt = \"0.0.0.0:1883\"\n").complains(
        "outletd.toml",
        3,
        &["reachable from the network", "[[embedded.users]]"],
    );
}

#[test]
fn files_for_tls_that_the_start_would_refuse_are_refused_with_their_line() {
    let made = rcgen::generate_simple_self_signed(vec!["outlet.example".to_owned()]).unwrap();
    let other = rcgen::generate_simple_self_signed(vec!["outlet.example".to_owned()]).unwrap();
    let with = |certificate: &str, key: &str, clients: &str| {
        let files = Files::with("").and("good.crt", &made.cert.pem()).and("torn", "half of a certificate");
        let files = files.and("good.key", &made.signing_key.serialize_pem());
        let files = files.and("other.key", &other.signing_key.serialize_pem());
        let at = |name: &str| files.at(name);
        let text = format!(
            "outlet = \"demo\"\n[embedded.tls]\ncertificate = {:?}\nkey = {:?}\nclients = {:?}\n",
            at(certificate),
            at(key),
            at(clients)
        );
        fs::write(files.main(), text).unwrap();
        files
    };
    with("good.crt", "good.key", "good.crt").load();
    with("torn", "good.key", "good.crt").complains("outletd.toml", 3, &["embedded.tls.certificate", "torn"]);
    with("good.crt", "torn", "good.crt").complains(
        "outletd.toml",
        4,
        &["embedded.tls.key", "no PEM private key"],
    );
    with("good.crt", "other.key", "good.crt").complains("outletd.toml", 3, &["embedded.tls.certificate"]);
    with("good.crt", "good.key", "torn").complains("outletd.toml", 5, &["embedded.tls.clients", "torn"]);
    with("good.crt", "good.key", "gone").complains(
        "outletd.toml",
        5,
        &["embedded.tls.clients", "can't be read"],
    );
}

#[test]
fn authorities_of_a_broker_that_are_none_are_refused() {
    let made = rcgen::generate_simple_self_signed(vec!["broker.example".to_owned()]).unwrap();
    let with = |ca: &str| {
        let files = Files::with("").and("good.crt", &made.cert.pem()).and("torn", "half of a certificate");
        let ca = files.at(ca);
        let text = format!("outlet = \"demo\"\n[broker]\nurl = \"mqtts://broker.example\"\nca = {ca:?}\n");
        fs::write(files.main(), text).unwrap();
        files
    };
    with("good.crt").load();
    with("torn").complains("outletd.toml", 4, &["broker.ca", "torn", "no certificate in it"]);
    with("gone").complains("outletd.toml", 4, &["broker.ca", "can't be read"]);
}

#[test]
fn two_doors_at_one_address_are_refused() {
    let doors = format!("[http]\nlisten = \"127.0.0.1:1883\"\ntoken = \"{TOKEN}\"\n");
    let at = "outlet = \"demo\"\n";
    Files::with(&format!("{at}{doors}")).complains("outletd.toml", 3, &["http.listen", "[embedded] mqtt"]);
    let metrics = "[metrics]\nlisten = \"127.0.0.1:1883\"\n";
    Files::with(&format!("{at}{metrics}")).complains(
        "outletd.toml",
        3,
        &["metrics.listen", "[embedded] mqtt", "give it another port"],
    );
    let websocket = "[embedded]\nmqtt = \"127.0.0.1:8083\"\nwebsocket = \"[::1]:8083\"\n";
    Files::with(&format!("{at}{websocket}")).load();
    let same = websocket.replace("[::1]", "127.0.0.1");
    Files::with(&format!("{at}{same}")).complains(
        "outletd.toml",
        4,
        &["embedded.websocket", "[embedded] mqtt"],
    );
}

#[test]
fn an_http_door_to_the_network_is_refused() {
    let http = |line: &str| Files::with(&format!("outlet = \"demo\"\n[http]\ntoken = \"{TOKEN}\"\n{line}\n"));
    http("listen = \"0.0.0.0:16732\"").complains(
        "outletd.toml",
        4,
        &["http.listen", "reachable from the network", "set it to 127.0.0.1:16732"],
    );
    assert_eq!(http("").load().http.unwrap().listen.to_string(), "127.0.0.1:16732");
}

#[test]
fn an_http_door_without_a_good_token_is_refused() {
    Files::with("outlet = \"demo\"\n[http]\n").complains(
        "outletd.toml",
        2,
        &["http.token", "set token or token_file"],
    );
    Files::with("outlet = \"demo\"\n[http]\ntoken = \"secret\"\n").complains(
        "outletd.toml",
        3,
        &["http.token", "6 characters, 16 at least"],
    );
    Files::with("outlet = \"demo\"\n[http]\ntoken_file = \"/no/such/file\"\n").complains(
        "outletd.toml",
        3,
        &["http.token_file", "can't be read"],
    );
}

#[test]
fn the_usual_register_of_the_http_door_is_a_device_that_there_is() {
    let text = format!("outlet = \"demo\"\n[http]\ntoken = \"{TOKEN}\"\ndefault_device = \"till\"\n");
    Files::with(&text).complains("outletd.toml", 4, &["http.default_device", "no device \"till\""]);
}

#[test]
fn the_http_door_has_a_user_of_its_own() {
    let door = format!("[http]\ntoken = \"{TOKEN}\"\n");
    let usual = Files::with(&format!("outlet = \"demo\"\n{door}")).load().rights();
    assert!(usual.require(Some("http"), &[Right::Fiscal, Right::Drawer]).is_ok());
    assert!(usual.require(Some("http"), &[Right::Manage]).is_err());
    let text = format!("outlet = \"demo\"\n{door}[rights.users]\nhttp = [\"fiscal\"]\n");
    let less = Files::with(&text).load().rights();
    assert!(less.require(Some("http"), &[Right::Drawer]).is_err());
    let external = format!("{text}[broker]\nurl = \"mqtts://broker.example\"\n");
    assert!(Files::with(&external).load().rights().require(Some("http"), &[Right::Fiscal]).is_ok());
    Files::with("outlet = \"demo\"\n[rights.users]\nhttp = [\"fiscal\"]\n").complains(
        "outletd.toml",
        3,
        &["no user http"],
    );
    let user = "[[embedded.users]]\nname = \"http\"\npassword = \"p\"\n";
    Files::with(&format!("outlet = \"demo\"\n{door}{user}")).complains(
        "outletd.toml",
        5,
        &["embedded.users[0].name", "take another"],
    );
}

#[test]
fn rights_of_a_user_that_is_not_there_are_refused() {
    Files::with("outlet = \"demo\"\n[rights.users]\nanna = [\"print\"]\n").complains(
        "outletd.toml",
        3,
        &["no user anna", "[[embedded.users]]"],
    );
    Files::with("outlet = \"demo\"\n[rights]\nanonymous = [\"everything\"]\n").complains(
        "outletd.toml",
        3,
        &["rights.anonymous[0]", "everything", "manage"],
    );
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let second = KITCHEN.replace("kitchen", "bar").replace("escpos", "fax");
    let files = Files::with(&format!("outlet = \"demo\"{KITCHEN}{second}fallback = \"cellar\"\n"));
    let said = files.complaint();
    assert_eq!(said.lines().count(), 3, "{said}");
    says_all(&said, &["already used by device", "unknown driver \"fax\"", "no device \"cellar\""]);
}

#[test]
fn files_of_conf_d_are_laid_over_the_main_file_in_the_order_of_their_names() {
    let files = Files::with("outlet = \"demo\"\n[journal]\nkeep_days = 10\nkeep_feed_days = 11\n")
        .and("conf.d/20-longer.toml", "[journal]\nkeep_days = 40\n")
        .and("conf.d/10-long.toml", "[journal]\nkeep_days = 30\n[queue]\ncopy = \"KOPIE\"\n")
        .and("conf.d/30-not.toml.bak", "[journal]\nkeep_days = 50\n");
    let config = files.load();
    assert_eq!((config.journal.keep_days, config.journal.keep_feed_days), (40, 11));
    assert_eq!(config.queue.copy, "KOPIE");
}

#[test]
fn devices_of_all_files_are_gathered() {
    let bar = KITCHEN.replace("kitchen", "bar").replace("10.0.0.20", "10.0.0.21");
    let files = Files::with(&format!("outlet = \"demo\"{KITCHEN}"))
        .and("conf.d/bar.toml", &format!("{bar}fallback = \"kitchen\"\n"))
        .and("conf.d/empty.toml", "");
    let ids: Vec<_> = files.load().device.into_iter().map(|device| device.id).collect();
    assert_eq!(ids, ["kitchen", "bar"]);
}

#[test]
fn a_mistake_in_conf_d_is_named_with_its_own_file() {
    Files::with("outlet = \"demo\"\n").and("conf.d/a.toml", "\n\n[journal]\nkeep_days = 1\n").complains(
        "conf.d/a.toml",
        4,
        &["at least 7 days"],
    );
}

#[test]
fn the_environment_is_laid_over_all_files() {
    let files = Files::with("outlet = \"demo\"\n").and("conf.d/a.toml", "outlet = \"other\"\n");
    let environment = [("OUTLETD__OUTLET", "007"), ("OUTLETD__BROKER__URL", "mqtts://broker.example")];
    let output = outletd([OsStr::new("validate"), files.main().as_os_str()], environment);
    let said = String::from_utf8(output.stdout).unwrap();
    says_all(&said, &["outlet/v1/007 ", "mqtts://broker.example"]);
}

#[test]
fn a_mistake_in_the_environment_is_named_with_its_variable() {
    let files = Files::with("outlet = \"demo\"\n[journal]\nkeep_days = 14\n");
    let said = files.complaint_with([("OUTLETD__JOURNAL__KEEP_DAYS", "3")]);
    says_all(&said, &["OUTLETD__JOURNAL__KEEP_DAYS: journal.keep_days: ", "at least 7 days"]);
    let said = files.complaint_with([("OUTLETD__JOURNAL__KEEP_DAYS", "long")]);
    says_all(&said, &["OUTLETD__JOURNAL__KEEP_DAYS: journal.keep_days: ", "integer"]);
    let said = files.complaint_with([("OUTLETD__COLOUR", "red")]);
    says_all(&said, &["OUTLETD__COLOUR: colour: unknown field `colour`"]);
}

#[test]
fn run_ends_before_start_with_the_same_words() {
    let files = Files::with("outlet = \"demo\"\ndata = \"made-by-run\"\n[journal]\nkeep_days = 1\n");
    let said = files.complaint();
    let output = Command::new(env!("CARGO_BIN_EXE_outletd"))
        .args([OsStr::new("run"), OsStr::new("--config"), files.main().as_os_str()])
        .env_clear()
        .current_dir(files.folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(78));
    says_all(&String::from_utf8(output.stderr).unwrap(), &[said.trim_end()]);
    assert!(!files.at("made-by-run").exists(), "nothing was started");
}

#[test]
fn the_configurations_that_are_shipped_are_good() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd");
    let files = Files::with(&std::fs::read_to_string(shipped.join("outletd.toml")).unwrap()).and(
        "conf.d/kitchen.toml",
        &std::fs::read_to_string(shipped.join("conf.d/kitchen.toml.example")).unwrap(),
    );
    let output = outletd([OsStr::new("validate"), files.main().as_os_str()], []);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
