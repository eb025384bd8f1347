//! Relays, sensors and indicators against pymodbus as the server: Modbus TCP, and RTU over TCP and a pseudo terminal.

use std::path::Path;
use std::process::Stdio;

use outlet_devices::driver::{DeviceStatus, Driver, Report, Request, Settings};
use outlet_devices::error::{DeviceError, ErrorKind};
use outlet_devices::reading::{Reading, ReadingSink, Readings};
use outlet_devices::registry;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines, copy_bidirectional};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::watch;
use tokio_serial::{SerialPort, SerialStream};

use super::tools::python;

/// pymodbus, with `modbus_server.py` around it. It ends with this.
struct Server {
    link: String,
    /// Options that the link needs.
    framing: Option<&'static str>,
    stdin: ChildStdin,
    stdout: Lines<BufReader<ChildStdout>>,
    /// The agent's end of the serial line, kept open.
    _line: Option<SerialStream>,
    _process: Child,
}

impl Server {
    /// One for each way to it.
    async fn all() -> [Self; 3] {
        [Self::tcp().await, Self::converter().await, Self::serial().await]
    }

    /// Modbus TCP.
    async fn tcp() -> Self {
        Self::start("socket").await
    }

    /// RTU over TCP.
    async fn converter() -> Self {
        Self { framing: Some("rtu"), ..Self::start("rtu").await }
    }

    /// RTU on a pseudo terminal, from which bytes are carried to pymodbus.
    async fn serial() -> Self {
        let server = Self::start("rtu").await;
        let (mut carrier, agent) = SerialStream::pair().unwrap();
        let mut peer = TcpStream::connect(server.link.trim_start_matches("tcp://")).await.unwrap();
        // It ends with the test.
        tokio::spawn(async move { copy_bidirectional(&mut carrier, &mut peer).await });
        let link = format!("serial://{}", agent.name().unwrap());
        Self { link, _line: Some(agent), ..server }
    }

    async fn start(framer: &str) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/modbus_server.py");
        let mut process = Command::new(python())
            .arg(script)
            .arg(framer)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let stdin = process.stdin.take().unwrap();
        let mut stdout = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = stdout.next_line().await.unwrap().expect("pymodbus did not start");
        let link = format!("tcp://127.0.0.1:{port}");
        Self { link, framing: None, stdin, stdout, _line: None, _process: process }
    }

    /// Sets or gets values of a unit; the answer is what pymodbus has.
    async fn ask(&mut self, line: &str) -> String {
        self.stdin.write_all(format!("{line}\n").as_bytes()).await.unwrap();
        self.stdout.next_line().await.unwrap().expect("pymodbus has ended")
    }
}

struct Device {
    driver: Box<dyn Driver>,
    readings: Readings,
}

impl Device {
    fn new(server: &Server, driver: &str, model: &str, mut options: Value) -> Self {
        if let Some(framing) = server.framing {
            options["framing"] = json!(framing);
        }
        let (sink, readings) = ReadingSink::new();
        let report = Report { status: watch::channel(DeviceStatus::default()).0, readings: sink };
        let settings = Settings {
            id: "unit".into(),
            model: Some(model.into()),
            link: server.link.clone(),
            options,
            codes: Default::default(),
        };
        let built = registry::find(driver).unwrap().build(&settings, report).unwrap();
        Self { driver: built.driver, readings }
    }

    async fn request(&mut self, request: Value) -> Result<Value, DeviceError> {
        let request: Request = serde_json::from_value(request).unwrap();
        self.driver.request(&request).await
    }

    /// The next value that is told, as `temperature 4.5 °C`.
    async fn value(&mut self) -> String {
        tokio::select! {
            lost = self.driver.idle() => panic!("{lost}"),
            told = self.readings.recv() => match told {
                Some(Reading::Value(value)) => format!("{} {} {}", value.name, value.value, value.unit),
                other => panic!("no value: {other:?}"),
            },
        }
    }
}

#[tokio::test]
#[ignore = "needs pymodbus"]
async fn relays_of_pymodbus_are_switched_and_read_back() {
    for mut server in Server::all().await {
        let options = json!({"outputs": {"lock": {"channel": 3}}, "unit_id": 1});
        let mut relay = Device::new(&server, "relay", "lctech-relay", options);
        relay.driver.connect().await.unwrap();
        for (on, coils) in [(true, "0 0 1 0"), (false, "0 0 0 0"), (true, "0 0 1 0")] {
            let done = relay.request(json!({"op": "switch", "output": "lock", "on": on})).await.unwrap();
            assert_eq!(done["read_back"], true);
            assert_eq!(server.ask("get 1 1 0 4").await, coils, "{}", server.link);
        }
        server.ask("set 1 1 2 0").await;
        let status = relay.request(json!({"op": "status"})).await.unwrap();
        assert_eq!(status["outputs"]["lock"]["on"], false);
        // The same coil at an address that pymodbus does not have: its exception is told.
        let options = json!({"outputs": {"bell": {"channel": 1}}, "unit_id": 1});
        let mut flash = Device::new(&server, "relay", "waveshare-modbus-rtu-relay", options);
        flash.driver.connect().await.unwrap();
        let error = flash.request(json!({"op": "pulse", "output": "bell"})).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Rejected, "{error}");
        assert!(error.message.contains("exception"), "{error}");
    }
}

#[tokio::test]
#[ignore = "needs pymodbus"]
async fn temperatures_of_pymodbus_are_told_and_its_exceptions_explained() {
    for mut server in Server::all().await {
        let mut fridge = Device::new(&server, "sensor", "xy-md02", json!({"poll_ms": 100, "unit_id": 2}));
        fridge.driver.connect().await.unwrap();
        assert_eq!(fridge.value().await, "temperature -20.5 °C");
        assert_eq!(fridge.value().await, "humidity 50.0 %");
        server.ask("set 2 4 1 45").await;
        assert_eq!(fridge.value().await, "temperature 4.5 °C", "{}", server.link);
        let mut wrong = Device::new(&server, "sensor", "xy-md02", json!({"unit_id": 3}));
        let error = wrong.driver.connect().await.unwrap_err();
        assert!(error.message.contains("exception 2 (illegal data address)"), "{error}");
    }
}

#[tokio::test]
#[ignore = "needs pymodbus"]
async fn an_indicator_of_pymodbus_is_weighed_and_tared() {
    for mut server in Server::all().await {
        let options = json!({"unit_id": 3, "decimals": 3, "poll_ms": 100});
        let mut scale = Device::new(&server, "scale", "dini-argeo-dgt1s", options);
        scale.driver.connect().await.unwrap();
        let weighed = scale.request(json!({"op": "weigh"})).await.unwrap();
        assert_eq!(weighed["kg"], "1.550", "{}", server.link);
        server.ask("set 3 3 100 0 820 0 800 0 20 36").await;
        let weighed = scale.request(json!({"op": "weigh"})).await.unwrap();
        assert_eq!((&weighed["kg"], &weighed["reading"]["kind"]), (&json!("0.800"), &json!("net")));
        scale.request(json!({"op": "preset-tare", "tare": "0.250"})).await.unwrap();
        assert_eq!(server.ask("get 3 3 0 3").await, "3 0 250");
    }
}

#[tokio::test]
#[ignore = "needs pymodbus"]
async fn three_devices_share_a_line_of_pymodbus() {
    for mut server in Server::all().await {
        let mut scale =
            Device::new(&server, "scale", "dini-argeo-dgt1s", json!({"unit_id": 3, "decimals": 3}));
        let mut fridge = Device::new(&server, "sensor", "xy-md02", json!({"poll_ms": 100, "unit_id": 2}));
        let mut relay = Device::new(&server, "relay", "lctech-relay", json!({"unit_id": 1}));
        let weighed = async {
            scale.driver.connect().await.unwrap();
            for _ in 0..20 {
                assert_eq!(scale.request(json!({"op": "weigh"})).await.unwrap()["kg"], "1.550");
            }
        };
        let measured = async {
            fridge.driver.connect().await.unwrap();
            for _ in 0..20 {
                let status = fridge.request(json!({"op": "status"})).await.unwrap();
                assert_eq!(status["values"][0]["value"], "-20.5");
            }
        };
        let switched = async {
            relay.driver.connect().await.unwrap();
            for turn in 0..20 {
                let on = turn % 2 == 1;
                relay.request(json!({"op": "switch", "output": "2", "on": on})).await.unwrap();
            }
        };
        tokio::join!(weighed, measured, switched);
        assert_eq!(server.ask("get 1 1 0 3").await, "0 1 0", "{}", server.link);
    }
}
