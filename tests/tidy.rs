//! What holds the architecture together, checked: see the invariants in ARCHITECTURE.md.

#![allow(clippy::unwrap_used)] // helpers of tests, too

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use outlet_devices::{models, registry};
use toml::Table;

/// Files longer than this are the ones that nobody reads.
const MOST_LINES: usize = 900;

#[test]
fn no_source_file_is_longer_than_can_be_read() {
    let sources = files(root()).into_iter().filter(|path| has_extension(path, SOURCES));
    let long: Vec<String> = sources
        .map(|path| (read(&path).lines().count(), path))
        .filter(|(lines, _)| *lines > MOST_LINES)
        .map(|(lines, path)| format!("{}: {lines} lines, at most {MOST_LINES}", shown(&path)))
        .collect();
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn every_driver_has_its_module_a_simulator_and_cases() {
    for factory in registry::DRIVERS {
        let missing = missing_of_driver(factory.name());
        assert!(missing.is_empty(), "driver {}: {missing:#?}", factory.name());
    }
    assert_eq!(missing_of_driver("no-such-driver").len(), 3, "the check can fail");
}

#[test]
fn every_module_of_drivers_is_registered_under_its_own_name() {
    let names: BTreeSet<&str> = registry::DRIVERS.iter().map(|factory| factory.name()).collect();
    assert_eq!(names.len(), registry::DRIVERS.len(), "a name is given once");
    let registered: BTreeSet<String> = names.into_iter().map(module_of).collect();
    let modules: BTreeSet<String> = fs::read_dir(root().join("devices/src/drivers"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .filter(|name| name != "mod")
        .collect();
    assert_eq!(modules, registered);
}

#[test]
fn every_model_file_is_loaded_as_a_model_of_that_name() {
    let loaded: BTreeSet<&str> = models::all().iter().map(|model| model.id.as_str()).collect();
    let files: BTreeSet<String> = files(&root().join("devices/models"))
        .iter()
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(files.iter().map(String::as_str).collect::<BTreeSet<_>>(), loaded);
    assert!(loaded.len() >= 20, "{} models", loaded.len());
}

#[test]
fn simulators_share_no_code_with_what_they_test() {
    let dependencies = dependencies("simulators");
    for forbidden in ["outlet-protocols", "outlet-devices", "outletd", "escpos"] {
        assert!(!dependencies.contains(forbidden), "simulators depends on {forbidden}");
    }
}

#[test]
fn every_fuzz_target_has_its_corpus_and_a_test_over_it() {
    let targets: Vec<PathBuf> =
        fs::read_dir(root().join("fuzz/fuzz_targets")).unwrap().map(|entry| entry.unwrap().path()).collect();
    let manifest = read(&root().join("fuzz/Cargo.toml"));
    let tests: Vec<String> = ["protocols/tests", "devices/tests", "tests"]
        .into_iter()
        .flat_map(|folder| files(&root().join(folder)))
        .filter(|path| has_extension(path, &["rs"]) && !path.ends_with("tests/tidy.rs"))
        .map(|path| read(&path))
        .collect();
    assert!(targets.len() >= 29, "{targets:?}");
    for target in targets {
        let name = target.file_stem().unwrap().to_str().unwrap();
        let corpus = root().join("fuzz/corpus").join(name);
        let sizes: Vec<u64> =
            fs::read_dir(&corpus).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).collect();
        assert!(sizes.len() >= 4, "{name}: {} files in its corpus", sizes.len());
        assert!(sizes.iter().all(|size| *size < 4096), "{name}: a file of the corpus is not small");
        assert!(sizes.iter().sum::<u64>() < 200_000, "{name}: the corpus is not small");
        assert!(
            manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")),
            "{name}: not in the manifest"
        );
        let over = format!("fuzz/corpus/{name}\"");
        assert!(tests.iter().any(|test| test.contains(&over)), "{name}: no test runs over {over}");
    }
}

#[test]
fn codecs_know_no_io_no_clock_and_no_file() {
    let dependencies = dependencies("protocols");
    for forbidden in ["tokio", "outlet-devices", "serialport", "rusb", "jiff", "chrono", "time"] {
        assert!(!dependencies.contains(forbidden), "protocols depends on {forbidden}");
    }
    let words = [
        "std::fs",
        "std::net",
        "std::env",
        "std::process",
        "std::thread",
        "std::time",
        "Instant",
        "SystemTime",
        "async fn",
        "tokio",
        "println!",
    ];
    assert_none_says("protocols/src", &words);
}

#[test]
fn drivers_know_no_mqtt_and_no_journal() {
    let dependencies = dependencies("devices");
    for forbidden in ["rumqttc", "mqtt5", "rusqlite", "outletd"] {
        assert!(!dependencies.contains(forbidden), "devices depends on {forbidden}");
    }
}

#[test]
fn bus_broker_and_journal_know_no_device() {
    for folder in ["src/bus", "src/broker", "src/journal"] {
        let words = ["registry", "outlet_devices::drivers", "outlet_devices::transport", "outlet_simulators"];
        assert_none_says(folder, &words);
    }
}

#[test]
fn simulators_are_for_commands_and_never_for_the_agent_itself() {
    let strange: Vec<String> = files(&root().join("src"))
        .iter()
        .filter(|path| code(path).contains("outlet_simulators"))
        .map(|path| shown(path))
        .filter(|path| !path.starts_with("src/cli/"))
        .collect();
    assert!(strange.is_empty(), "{strange:?}");
}

#[test]
fn no_file_names_the_machine_it_was_written_on_or_a_package_registry() {
    // In two parts each, so that this file may be read too.
    let words = [
        concat!("/wo", "rk/"),
        concat!("crates", ".io"),
        concat!("npmjs", ".com"),
        concat!("npmjs", ".org"),
        concat!("pypi", ".org"),
        concat!("debian", ".org"),
    ];
    let mut found = Vec::new();
    for path in files(root()).into_iter().filter(|path| !has_extension(path, &["lock"])) {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let named = words.iter().filter(|word| text.contains(**word));
        found.extend(named.map(|word| format!("{}: {word}", shown(&path))));
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn the_package_knows_which_journals_its_program_can_read() {
    let script = read(&root().join("packaging/scripts/preinst"));
    let format = format!("format={}", outletd::journal::FORMAT);
    assert!(script.lines().any(|line| line == format), "packaging/scripts/preinst lacks the line {format}");
}

const SOURCES: &[&str] = &["rs", "py", "js", "mjs", "sh", "css", "html"];

/// A driver is one file, one simulator and one folder of cases.
fn missing_of_driver(name: &str) -> Vec<String> {
    let module = module_of(name);
    let is_module = |path: &PathBuf| {
        path.file_stem() == Some(OsStr::new(&module))
            || path.parent().and_then(Path::file_name) == Some(OsStr::new(&module))
    };
    let mut missing = Vec::new();
    if !files(&root().join("devices/src/drivers")).iter().any(is_module) {
        missing.push(format!("no devices/src/drivers/{module}.rs, nor a folder of that name"));
    }
    if !files(&root().join("simulators/src")).iter().any(is_module) {
        missing
            .push(format!("no simulator: a file {module}.rs, or a folder of that name, in simulators/src"));
    }
    if !files(&root().join("devices/tests")).iter().any(|path| is_case_of(path, name)) {
        missing.push(format!("no case: a folder in devices/tests that builds {name:?} for a simulator"));
    }
    missing
}

/// Whether a test's folder has tests, drives the driver by its name or module, and does so against a simulator.
fn is_case_of(path: &Path, name: &str) -> bool {
    let folder = files(path.parent().unwrap_or(path)).iter().map(|file| code(file)).collect::<String>();
    let module = format!("drivers::{}", module_of(name));
    let named = folder.contains(&format!("{name:?}")) || folder.contains(&module);
    named && folder.contains("outlet_simulators") && folder.contains("test]")
}

/// The module of a driver: its name, but for readers and for Modbus equipment, which have one in common.
fn module_of(driver: &str) -> String {
    match driver {
        "scanner" | "card-reader" | "rfid-reader" => "reader".to_owned(),
        "relay" | "sensor" => "modbus".to_owned(),
        _ => driver.replace('-', "_"),
    }
}

/// Names of all dependencies of a crate: normal, for tests, for its build and by target.
fn dependencies(crate_folder: &str) -> BTreeSet<String> {
    let manifest: Table = read(&root().join(crate_folder).join("Cargo.toml")).parse().unwrap();
    let mut found = BTreeSet::new();
    gather_dependencies(&manifest, &mut found);
    assert!(!found.is_empty());
    found
}

fn gather_dependencies(table: &Table, found: &mut BTreeSet<String>) {
    for (key, value) in table {
        let Some(inner) = value.as_table() else { continue };
        if key.ends_with("dependencies") {
            found.extend(inner.keys().cloned());
        } else {
            gather_dependencies(inner, found);
        }
    }
}

fn assert_none_says(folder: &str, words: &[&str]) {
    let sources = files(&root().join(folder));
    assert!(!sources.is_empty(), "{folder}");
    for path in sources {
        if path.ends_with("tests.rs") || path.components().any(|part| part.as_os_str() == "tests") {
            continue;
        }
        let code = code(&path);
        for word in words {
            assert!(!code.contains(word), "{} says {word}", shown(&path));
        }
    }
}

/// A file's text without comments and without the tests at its end.
fn code(path: &Path) -> String {
    let Ok(text) = fs::read_to_string(path) else { return String::new() };
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// All files below a folder that belong to the project.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            let made =
                ["target", "node_modules", "demo-data", "__pycache__", "corpus", "artifacts", "findings"];
            if !made.contains(&name.as_str()) && name != ".git" {
                found.extend(files(&path));
            }
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    path.extension().is_some_and(|extension| extensions.iter().any(|known| extension == *known))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
