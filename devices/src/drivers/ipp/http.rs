//! A message to the printer and its answer, by HTTP (RFC 8010, section 4).

use std::io::Cursor;
use std::time::Duration;

use ipp::parser::{IppParseError, IppParser};
use ipp::prelude::Uri;
use ipp::reader::IppReader;
use ipp::request::IppRequestResponse;

use super::client::Failure;

/// How long the connection may take.
const CONNECT: Duration = Duration::from_secs(10);
/// Where printers listen that say nothing else.
const PORT: u16 = 631;
/// Bytes of the longest answer that is read.
const LONGEST: usize = 1 << 20;
/// Collections that may lie in each other. Printers have three at most; what reads them would not come back from
/// thousands.
const DEEPEST: usize = 16;

/// Sends a message and reads the answer.
///
/// # Errors
/// What became of it.
pub async fn send(uri: &Uri, message: Vec<u8>, patience: Duration) -> Result<IppRequestResponse, Failure> {
    let broken = |error: reqwest::Error| {
        if error.is_connect() {
            Failure::NotReached(innermost(&error))
        } else if error.is_timeout() {
            Failure::Lost(format!("no answer within {:.1} s", patience.as_secs_f32()))
        } else {
            Failure::Lost(innermost(&error))
        }
    };
    let client = reqwest::Client::builder().connect_timeout(CONNECT).timeout(patience).user_agent("outletd");
    let request = client.build().map_err(broken)?.post(url(uri)).header("content-type", "application/ipp");
    let mut response = request.body(message).send().await.map_err(broken)?;
    if !response.status().is_success() {
        return Err(Failure::Http(response.status().as_u16()));
    }
    let mut answer = Vec::new();
    while !is_whole(&answer)? {
        match response.chunk().await {
            Ok(Some(piece)) => answer.extend_from_slice(&piece),
            Ok(None) => break,
            Err(error) => return Err(Failure::Nonsense(in_the_middle(&innermost(&error)))),
        }
    }
    read(answer)
}

/// Reads a message.
///
/// # Errors
/// It is none, or not a whole one.
pub fn read(message: Vec<u8>) -> Result<IppRequestResponse, Failure> {
    is_whole(&message)?;
    IppParser::new(IppReader::new(Cursor::new(message))).parse().map_err(|error| {
        Failure::Nonsense(match error {
            IppParseError::IoError(error) => in_the_middle(&error.to_string()),
            other => other.to_string(),
        })
    })
}

/// Whether all of a message's attributes have come (RFC 8010, section 3.1).
fn is_whole(message: &[u8]) -> Result<bool, Failure> {
    const END_OF_ATTRIBUTES: u8 = 0x03;
    const LAST_DELIMITER: u8 = 0x0f;
    const BEGIN_COLLECTION: u8 = 0x34;
    const END_COLLECTION: u8 = 0x37;
    const TEXT_WITH_LANGUAGE: u8 = 0x35;
    const NAME_WITH_LANGUAGE: u8 = 0x36;
    if message.len() > LONGEST {
        return Err(Failure::Nonsense(format!("it has more than {LONGEST} bytes")));
    }
    // Version, status, number.
    let mut rest = message.get(8..).unwrap_or_default();
    let mut depth = 0;
    while let Some((tag, behind)) = rest.split_first() {
        match *tag {
            END_OF_ATTRIBUTES => return Ok(true),
            ..=LAST_DELIMITER => rest = behind,
            tag => {
                match tag {
                    BEGIN_COLLECTION => depth += 1,
                    END_COLLECTION => depth = usize::saturating_sub(depth, 1),
                    _ => {}
                }
                if depth > DEEPEST {
                    let what = format!("more than {DEEPEST} of its collections lie in each other");
                    return Err(Failure::Nonsense(what));
                }
                let Some((_, behind)) = field(behind) else { return Ok(false) };
                let Some((value, behind)) = field(behind) else { return Ok(false) };
                // The reader takes the two lengths within these for right.
                if matches!(tag, TEXT_WITH_LANGUAGE | NAME_WITH_LANGUAGE)
                    && field(value).and_then(|(_, text)| field(text)).is_none()
                {
                    return Err(Failure::Nonsense("a text in it is shorter than it says".to_owned()));
                }
                rest = behind;
            }
        }
    }
    Ok(false)
}

/// A field, which begins with its length, and what is behind it.
fn field(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, behind) = bytes.split_first_chunk()?;
    behind.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

fn url(uri: &Uri) -> String {
    let scheme = if uri.scheme_str() == Some("ipps") { "https" } else { "http" };
    let authority = uri.authority().map(ToString::to_string).unwrap_or_default();
    let port = if uri.port_u16().is_some() { String::new() } else { format!(":{PORT}") };
    format!("{scheme}://{authority}{port}{}", uri.path())
}

fn in_the_middle(why: &str) -> String {
    format!("it ends in the middle ({why})")
}

/// The innermost cause, which is the system's own word.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that can't go on fails")]
mod tests {
    use super::*;

    /// An answer with so many collections in each other.
    fn nested(depth: usize) -> Vec<u8> {
        let mut answer = vec![1, 1, 0, 0, 0, 0, 0, 1, 4, 0x34, 0, 1, b'x', 0, 0];
        for _ in 1..depth {
            answer.extend([0x4a, 0, 0, 0, 1, b'm', 0x34, 0, 0, 0, 0]);
        }
        for _ in 0..depth {
            answer.extend([0x37, 0, 0, 0, 0]);
        }
        answer.push(3);
        answer
    }

    #[test]
    fn collections_in_each_other_are_read_up_to_a_depth_and_no_depth_ends_the_agent() {
        assert!(read(nested(DEEPEST)).is_ok());
        for depth in [DEEPEST + 1, 20_000] {
            let failure = read(nested(depth)).err().unwrap();
            assert!(failure.to_string().contains("collections lie in each other"), "{failure}");
        }
    }

    #[test]
    fn a_text_with_a_language_that_is_shorter_than_it_says_is_no_answer() {
        let answer = |value: &[u8]| {
            let head = [1, 1, 0, 0, 0, 0, 0, 1, 4, 0x35, 0, 1, b'x', 0, value.len() as u8];
            read([head.as_slice(), value, &[3]].concat())
        };
        assert!(answer(b"\x00\x02ro\x00\x01x").is_ok());
        for value in [&b"\x04\x3dro\x00\x01x"[..], b"\x00\x02ro\x00\x02x", b"\x00\x02ro", b""] {
            assert!(matches!(answer(value), Err(Failure::Nonsense(_))), "{value:?}");
        }
    }

    #[test]
    fn an_answer_has_come_with_its_last_attribute_and_what_follows_does_not_matter() {
        let whole = nested(2);
        for end in 0..whole.len() {
            assert_eq!(is_whole(&whole[..end]), Ok(false), "{end} bytes");
        }
        assert_eq!(is_whole(&[whole.as_slice(), b"\x34rest"].concat()), Ok(true));
    }

    #[test]
    fn an_answer_without_an_end_is_given_up() {
        let endless = [vec![1, 1, 0, 0, 0, 0, 0, 1], [0x44, 0, 0, 0, 0].repeat(LONGEST / 5)].concat();
        assert!(matches!(is_whole(&endless), Err(Failure::Nonsense(_))));
    }

    #[test]
    fn a_printer_that_names_no_port_is_at_631() {
        let at = |uri: &str| url(&uri.parse().unwrap());
        assert_eq!(at("ipp://10.0.0.30/ipp/print"), "http://10.0.0.30:631/ipp/print");
        assert_eq!(at("ipp://[fe80::1]:8631/"), "http://[fe80::1]:8631/");
    }
}
