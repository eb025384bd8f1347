//! Which broker and which outlet a command talks to.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use outletd::bus::contract::{Topics, is_name};

/// The options of every command that talks to a running agent.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Connection {
    /// Where the broker is: mqtt://HOST[:1883] or mqtts://HOST[:8883], with USER:PASSWORD@ before the host
    /// where it asks for them (better in OUTLETD_USER and OUTLETD_PASSWORD)
    #[arg(
        long,
        global = true,
        env = "OUTLETD_BROKER",
        value_name = "URL",
        default_value = "mqtt://127.0.0.1:1883"
    )]
    pub(crate) broker: Broker,

    /// Which outlet; found out when the broker has only one
    #[arg(long, global = true, env = "OUTLETD_OUTLET", value_name = "NAME", value_parser = outlet)]
    outlet: Option<String>,

    /// Its whole topic prefix, where it isn't outlet/v1/NAME; goes before --outlet
    #[arg(long, global = true, env = "OUTLETD_PREFIX", value_name = "TOPIC", value_parser = prefix)]
    prefix: Option<String>,

    /// Certificates of the authority that signed the broker's, as PEM; the system's when absent
    #[arg(long, global = true, env = "OUTLETD_CA", value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,

    /// Seconds to wait for an answer
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=3600))]
    timeout: u16,
}

impl Connection {
    /// A connection to an agent on this machine that asks for no credentials.
    pub(crate) fn local(addr: std::net::SocketAddr, outlet: &str) -> Self {
        let broker =
            Broker { tls: false, host: addr.ip().to_string(), port: addr.port(), user: None, password: None };
        Self { broker, outlet: Some(outlet.to_owned()), prefix: None, ca: None, timeout: 5 }
    }

    /// The topics of the outlet, where the arguments name it.
    pub(crate) fn topics(&self) -> Option<Topics> {
        let named = self.outlet.as_ref().map(|outlet| format!("outlet/v1/{outlet}"));
        self.prefix.clone().or(named).map(Topics::new)
    }

    /// How long an answer may take.
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(u64::from(self.timeout))
    }
}

/// Address of an MQTT broker. Shown without its password.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Broker {
    /// Whether the connection is encrypted.
    pub(crate) tls: bool,
    /// Name or address; an IPv6 address without its brackets.
    pub(crate) host: String,
    /// Port.
    pub(crate) port: u16,
    /// User name of the URL.
    pub(crate) user: Option<String>,
    /// Password of the URL.
    pub(crate) password: Option<String>,
}

impl Broker {
    /// User name and password: of the URL, or else of the environment variables `OUTLETD_USER` and
    /// `OUTLETD_PASSWORD`, which `variable` looks up.
    pub(crate) fn credentials(&self, variable: impl Fn(&str) -> Option<String>) -> Option<(String, String)> {
        let user = self.user.clone().or_else(|| variable("OUTLETD_USER"))?;
        let password = self.password.clone().or_else(|| variable("OUTLETD_PASSWORD"));
        Some((user, password.unwrap_or_default()))
    }
}

impl fmt::Display for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "mqtts" } else { "mqtt" };
        let (open, close) = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        write!(f, "{scheme}://{open}{}{close}:{}", self.host, self.port)
    }
}

impl fmt::Debug for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Broker {
    type Err = String;

    fn from_str(url: &str) -> Result<Self, String> {
        let (scheme, rest) = url.split_once("://").unwrap_or(("mqtt", url));
        let tls = match scheme {
            "mqtt" | "tcp" => false,
            "mqtts" | "ssl" => true,
            other => return Err(format!("{other}:// is not spoken here: use mqtt:// or mqtts://")),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains(['/', '?', '#']) {
            return Err("a broker has no path: mqtt://HOST:PORT".to_owned());
        }
        let (login, place) = match rest.rsplit_once('@') {
            Some((login, place)) => (Some(login), place),
            None => (None, rest),
        };
        let (host, port) = host_and_port(place)?;
        let (user, password) = match login.map(|login| login.split_once(':').unwrap_or((login, ""))) {
            Some((user, "")) => (Some(percent_decoded(user)?), None),
            Some((user, password)) => (Some(percent_decoded(user)?), Some(percent_decoded(password)?)),
            None => (None, None),
        };
        let port = port.unwrap_or(if tls { 8883 } else { 1883 });
        Ok(Self { tls, host: host.to_owned(), port, user, password })
    }
}

fn host_and_port(place: &str) -> Result<(&str, Option<u16>), String> {
    let (host, port) = match place.strip_prefix('[').map(|inner| inner.split_once(']')) {
        Some(Some((host, ""))) => (host, None),
        Some(Some((host, port))) => (host, Some(port.strip_prefix(':').unwrap_or(port))),
        Some(None) => return Err(format!("{place:?} lacks a closing ]")),
        None if place.matches(':').count() > 1 => return Err(format!("write an IPv6 address as [{place}]")),
        None => match place.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
        },
    };
    if host.is_empty() || host.contains(char::is_whitespace) {
        return Err("the host is missing: mqtt://HOST:PORT".to_owned());
    }
    let port = port.map(|port| match port.parse() {
        Ok(0) | Err(_) => Err(format!("{port:?} is no port: 1 to 65535")),
        Ok(port) => Ok(port),
    });
    Ok((host, port.transpose()?))
}

fn percent_decoded(text: &str) -> Result<String, String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let code = part.get(..2).filter(|code| code.bytes().all(|b| b.is_ascii_hexdigit()));
        let code = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        bytes.push(code.ok_or("a % in user or password is written %25")?);
        bytes.extend(part.bytes().skip(2));
    }
    String::from_utf8(bytes).map_err(|_| "user and password have to be UTF-8".to_owned())
}

fn outlet(name: &str) -> Result<String, String> {
    if is_name(name) {
        Ok(name.to_owned())
    } else {
        Err("an outlet's name is 1 to 64 of a-z, 0-9 and -".to_owned())
    }
}

fn prefix(topic: &str) -> Result<String, String> {
    let topic = topic.strip_suffix('/').unwrap_or(topic);
    if topic.is_empty() || topic.contains(['+', '#', '\0']) || topic.starts_with('$') {
        return Err("a prefix is a topic without wildcards, such as outlet/v1/demo".to_owned());
    }
    Ok(topic.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broker(url: &str) -> Broker {
        url.parse().unwrap()
    }

    #[test]
    fn a_broker_has_the_ports_of_its_scheme_unless_it_says_another() {
        assert_eq!(broker("mqtt://10.0.0.5").port, 1883);
        assert_eq!(broker("mqtts://broker.example").port, 8883);
        assert!(broker("mqtts://broker.example").tls);
        assert_eq!(broker("mqtt://10.0.0.5:1884/").port, 1884);
        assert_eq!(broker("10.0.0.5:1884").to_string(), "mqtt://10.0.0.5:1884");
        assert_eq!(broker("mqtt://[fd00::1]:1884").host, "fd00::1");
        assert_eq!(broker("mqtt://[fd00::1]").to_string(), "mqtt://[fd00::1]:1883");
    }

    #[test]
    fn a_password_may_hold_any_character_and_is_never_shown() {
        let broker = broker("mqtts://anna:p%40ss:w%2Frd@broker.example");
        assert_eq!(broker.user.as_deref(), Some("anna"));
        assert_eq!(broker.password.as_deref(), Some("p@ss:w/rd"));
        assert_eq!(format!("{broker} {broker:?}"), "mqtts://broker.example:8883 mqtts://broker.example:8883");
    }

    #[test]
    fn what_is_no_address_is_refused_with_the_remedy() {
        for (url, remedy) in [
            ("http://host", "mqtt:// or mqtts://"),
            ("mqtt://", "host is missing"),
            ("mqtt://host:0", "1 to 65535"),
            ("mqtt://host:99999", "1 to 65535"),
            ("mqtt://host/topic", "no path"),
            ("mqtt://fd00::1", "[fd00::1]"),
            ("mqtt://[fd00::1", "closing ]"),
            ("mqtt://a%zz@host", "%25"),
            ("mqtt://a%+1@host", "%25"),
        ] {
            let error = url.parse::<Broker>().unwrap_err();
            assert!(error.contains(remedy), "{url}: {error}");
        }
    }

    #[test]
    fn the_environment_fills_in_what_the_url_leaves_out() {
        let variables = |name: &str| match name {
            "OUTLETD_USER" => Some("boris".to_owned()),
            "OUTLETD_PASSWORD" => Some("secret".to_owned()),
            _ => None,
        };
        let login = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
        assert_eq!(broker("mqtt://h").credentials(variables), login("boris", "secret"));
        assert_eq!(broker("mqtt://anna@h").credentials(variables), login("anna", "secret"));
        assert_eq!(broker("mqtt://anna:own@h").credentials(variables), login("anna", "own"));
        assert_eq!(broker("mqtt://h").credentials(|_| None), None);
    }

    #[test]
    fn a_prefix_is_a_topic_without_wildcards() {
        assert_eq!(prefix("restaurants/7/").as_deref(), Ok("restaurants/7"));
        for wrong in ["", "/", "outlet/+", "a/#", "$SYS/x"] {
            assert!(prefix(wrong).is_err(), "{wrong}");
        }
    }
}
