//! As much of HTTP/1.1 as IPP needs: RFC 9112, and RFC 8010, section 4.

/// A request whose body is complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    pub method: String,
    pub path: String,
    pub content_type: String,
    pub body: Vec<u8>,
}

/// What the bytes that have come so far are.
pub(super) enum Incoming {
    /// Not all of a request; so much of its body.
    Part(Vec<u8>),
    /// A request and how many bytes it took.
    Whole(Request, usize),
    /// No HTTP.
    Wrong(&'static str),
}

/// Reads a request.
pub(super) fn read(bytes: &[u8]) -> Incoming {
    let Some(head_end) = find(bytes, b"\r\n\r\n") else {
        return if bytes.len() > 16 << 10 {
            Incoming::Wrong("an endless head")
        } else {
            Incoming::Part(Vec::new())
        };
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
    let mut lines = head.split("\r\n");
    let mut first = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(path), Some("HTTP/1.1")) = (first.next(), first.next(), first.next()) else {
        return Incoming::Wrong("no request line of HTTP/1.1");
    };
    let header = |name: &str| {
        let named = head.split("\r\n").skip(1).filter_map(|line| line.split_once(':'));
        named
            .filter(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim().to_owned())
            .next()
    };
    if header("host").is_none() {
        return Incoming::Wrong("no Host");
    }
    let rest = &bytes[head_end + 4..];
    let (body, used) = match (header("transfer-encoding").as_deref(), header("content-length")) {
        (Some("chunked"), _) => match chunks(rest) {
            Chunks::Part(body) => return Incoming::Part(body),
            Chunks::Whole(body, used) => (body, used),
            Chunks::Wrong => return Incoming::Wrong("a chunk without its length"),
        },
        (_, Some(length)) => match length.parse::<usize>() {
            Ok(length) if rest.len() >= length => (rest[..length].to_vec(), length),
            Ok(_) => return Incoming::Part(rest.to_vec()),
            Err(_) => return Incoming::Wrong("a length that is no number"),
        },
        _ => (Vec::new(), 0),
    };
    let request = Request {
        method: method.to_owned(),
        path: path.to_owned(),
        content_type: header("content-type").unwrap_or_default(),
        body,
    };
    Incoming::Whole(request, head_end + 4 + used)
}

/// An answer with a body of IPP, or without one.
pub(super) fn answer(status: u16, body: &[u8]) -> Vec<u8> {
    let reason = match status {
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        404 => "Not Found",
        503 => "Service Unavailable",
        _ => "Status",
    };
    let kind = if status == 200 { "Content-Type: application/ipp\r\n" } else { "" };
    let head = format!("HTTP/1.1 {status} {reason}\r\n{kind}Content-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

enum Chunks {
    Part(Vec<u8>),
    Whole(Vec<u8>, usize),
    Wrong,
}

fn chunks(bytes: &[u8]) -> Chunks {
    let mut body = Vec::new();
    let mut at = 0;
    loop {
        let Some(end) = find(&bytes[at..], b"\r\n") else { return Chunks::Part(body) };
        let line = String::from_utf8_lossy(&bytes[at..at + end]).into_owned();
        let digits = line.split(';').next().unwrap_or_default().trim();
        let Ok(length) = usize::from_str_radix(digits, 16) else { return Chunks::Wrong };
        let start = at + end + 2;
        let available = &bytes[start..];
        if available.len() < length + 2 {
            body.extend(available.iter().take(length));
            return Chunks::Part(body);
        }
        body.extend(&available[..length]);
        at = start + length + 2;
        if length == 0 {
            return Chunks::Whole(body, at);
        }
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
