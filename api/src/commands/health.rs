//! `health`: asks the API that runs here whether it is ready, for container runtimes without a client of their own.

use std::time::Duration;

use sluice_common::settings::Reader;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::sentence;

/// The longest that the API may take to answer: longer than it waits for its database.
const PATIENCE: Duration = Duration::from_secs(4);

/// The most of an answer that is read, in bytes.
const LONGEST_ANSWER: u64 = 16 * 1024;

/// Asks `/readyz` at the address that the API listens on.
///
/// # Errors
/// What the API says is missing, or that it does not answer.
pub async fn run() -> Result<(), String> {
    let listen = Reader::of_environment().text("SLUICE_API_LISTEN").map_err(sentence)?;
    let address = reachable(&listen);
    let asked = tokio::time::timeout(PATIENCE, ask(&address)).await;
    let answer = asked.map_err(|_| format!("the API at {address} does not answer"))?;
    let answer = answer.map_err(|error| format!("could not reach the API at {address}: {error}"))?;
    verdict(&answer)
}

/// Who listens on every address of a machine is reached on its own.
fn reachable(listen: &str) -> String {
    listen.replacen("0.0.0.0:", "127.0.0.1:", 1).replacen("[::]:", "[::1]:", 1)
}

async fn ask(address: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(LONGEST_ANSWER).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn verdict(answer: &str) -> Result<(), String> {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    match head.split(' ').nth(1) {
        Some("200") => Ok(()),
        Some(status) => Err(format!("the API is not ready ({status}): {}", body.trim())),
        None => Err("what answers there does not speak HTTP".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_yes_is_healthy() {
        assert_eq!(verdict("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nready\n"), Ok(()));
        let away = verdict("HTTP/1.1 503 Service Unavailable\r\n\r\nThe database is not available.\n");
        assert_eq!(away, Err("the API is not ready (503): The database is not available.".to_owned()));
        assert!(verdict("").is_err());
    }

    #[test]
    fn an_api_that_listens_everywhere_is_asked_here() {
        assert_eq!(reachable("0.0.0.0:8080"), "127.0.0.1:8080");
        assert_eq!(reachable("[::]:8080"), "[::1]:8080");
        assert_eq!(reachable("10.0.0.1:80"), "10.0.0.1:80");
    }
}
