use clap::CommandFactory;

use super::*;

#[test]
fn the_definition_of_the_command_line_holds_together() {
    Cli::command().debug_assert();
}

#[test]
fn the_commands_are_those_of_the_manual() {
    let names: Vec<String> =
        Cli::command().get_subcommands().map(|command| command.get_name().to_owned()).collect();
    let manual = [
        "run",
        "demo",
        "validate",
        "devices",
        "detect",
        "test",
        "watch",
        "jobs",
        "screens",
        "submit",
        "preview",
        "backup",
        "restore",
        "completions",
        "man",
    ];
    assert_eq!(names, manual);
}

#[test]
fn the_help_names_every_exit_code() {
    let help = Cli::command().render_long_help().to_string();
    for exit in [Exit::Ok, Exit::Bad, Exit::Usage, Exit::Unreachable, Exit::Configuration] {
        assert!(help.contains(&format!("\n  {:<2}  ", exit as u8)), "{exit:?} in\n{help}");
    }
}

#[test]
fn every_command_that_talks_to_an_agent_takes_the_same_connection() {
    for command in [&["devices"][..], &["test", "bar"], &["jobs", "list"], &["submit", "bar", "f.json"]] {
        let connection = ["--broker", "mqtts://broker.example", "--outlet", "demo", "--timeout", "9"];
        let arguments = [&["outletd"], command, &connection[..]].concat();
        assert!(Cli::try_parse_from(&arguments).is_ok(), "{arguments:?}");
    }
}

#[test]
fn completions_are_made_for_every_shell() {
    for shell in ["bash", "zsh", "fish"] {
        let cli = Cli::try_parse_from(["outletd", "completions", shell]).unwrap();
        let (mut screen, written) = Screen::captured();
        assert_eq!(cli.command.execute(&mut screen), Ok(()));
        assert!(written.text().contains("submit"), "{shell}");
    }
}

#[test]
fn every_command_has_its_man_page() {
    let folder = tempfile::tempdir().unwrap();
    let cli = Cli::try_parse_from(["outletd".as_ref(), "man".as_ref(), folder.path().as_os_str()]).unwrap();
    assert_eq!(cli.command.execute(&mut Screen::captured().0), Ok(()));
    let page = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap().replace("\\-", "-");
    let whole = page("outletd.1");
    for command in Cli::command().get_subcommands() {
        let name = command.get_name();
        assert!(whole.contains(&format!("outletd-{name}(1)")), "{name} in\n{whole}");
        assert!(
            page(&format!("outletd-{name}.1")).contains(&format!(".SH NAME\noutletd-{name} - ")),
            "{name}"
        );
    }
    assert!(whole.contains("/etc/outletd/outletd.toml") && whole.contains("Exit codes"), "{whole}");
    assert!(page("outletd-jobs-resolve.1").contains("print-again"));
}
