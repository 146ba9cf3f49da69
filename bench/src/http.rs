//! One connection of HTTP/1.1 that costs little: the load generator shares the machine with what it measures.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A connection that is used again and again.
pub struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
    body: std::ops::Range<usize>,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// Where nobody listens.
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::with_capacity(4096), body: 0..0 })
    }

    /// Sends a request and reads the whole answer. Gives its status.
    ///
    /// # Errors
    /// Where the connection breaks, or the answer has no length.
    pub async fn exchange(&mut self, request: &[u8]) -> io::Result<u16> {
        self.stream.write_all(request).await?;
        self.received.clear();
        let head = loop {
            self.read_more().await?;
            if let Some(head) = Head::parse(&self.received)? {
                break head;
            }
        };
        self.body = head.length..head.length + head.body;
        while self.received.len() < self.body.end {
            self.read_more().await?;
        }
        Ok(head.status)
    }

    /// The body of the last answer.
    pub fn body(&self) -> &[u8] {
        &self.received[self.body.clone()]
    }

    /// Sends a request that must be answered with this status, and gives the body, as JSON.
    ///
    /// # Panics
    /// Where it is not.
    pub async fn call(&mut self, request: &[u8], status: u16) -> Value {
        let answered = self.exchange(request).await.expect("the service answers");
        assert_eq!(answered, status, "{}", String::from_utf8_lossy(self.body()));
        serde_json::from_slice(self.body()).expect("the body is JSON")
    }

    async fn read_more(&mut self) -> io::Result<()> {
        if self.stream.read_buf(&mut self.received).await? == 0 {
            return Err(io::Error::new(ErrorKind::UnexpectedEof, "the connection was closed"));
        }
        Ok(())
    }
}

/// What an answer begins with.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    /// With the empty line behind it.
    length: usize,
    body: usize,
}

impl Head {
    /// Reads it, once it is all there.
    fn parse(received: &[u8]) -> io::Result<Option<Self>> {
        let Some(end) = received.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
        let invalid = || io::Error::new(ErrorKind::InvalidData, "the answer has no status or no length");
        let head = std::str::from_utf8(&received[..end]).map_err(|_| invalid())?;
        let status = head.get(9..12).and_then(|status| status.parse().ok()).ok_or_else(invalid)?;
        let body = head.split("\r\n").filter_map(|line| line.split_once(':')).find_map(|(name, value)| {
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok()).flatten()
        });
        Ok(Some(Self { status, length: end + 4, body: body.ok_or_else(invalid)? }))
    }
}

/// A request's bytes.
pub fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n");
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    if !body.is_empty() {
        text += &format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len());
    }
    format!("{text}\r\n{body}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_however_its_headers_are_spelled() {
        let head = Head { status: 201, length: 41, body: 2 };
        assert_eq!(
            Head::parse(b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}").ok(),
            Some(Some(Head { length: 43, ..head }))
        );
        assert_eq!(Head::parse(b"HTTP/1.1 201 Created\r\ncontent-len").ok(), Some(None));
        assert!(Head::parse(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").is_err());
    }

    #[test]
    fn a_request_says_how_long_its_body_is() {
        let text = String::from_utf8(request("POST", "/a", &[("prefer", "wait=1")], "{}")).expect("text");
        assert_eq!(
            text,
            "POST /a HTTP/1.1\r\nhost: localhost\r\nprefer: wait=1\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
        );
    }
}
