//! Asking a process of ours whether it is ready: what a container's health check runs.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How long the answer may take.
const PATIENCE: Duration = Duration::from_secs(4);

/// The process at `address` is not ready.
#[derive(Debug, thiserror::Error)]
pub enum NotReady {
    /// It does not answer.
    #[error("nothing answers on {0}")]
    NoAnswer(String, #[source] std::io::Error),
    /// It says so.
    #[error("{0}")]
    Says(String),
}

/// Asks `/readyz` of the process that listens on this address. One that listens everywhere is asked on this host.
///
/// # Errors
/// Where it does not answer, or answers that it is not ready.
pub async fn ask(address: &str) -> Result<(), NotReady> {
    let address = reachable(address);
    let answer = tokio::time::timeout(PATIENCE, exchange(&address)).await.unwrap_or_else(|late| Err(late.into()));
    let answer = answer.map_err(|error| NotReady::NoAnswer(address, error))?;
    verdict(&answer)
}

fn reachable(listens_on: &str) -> String {
    listens_on.replacen("0.0.0.0:", "127.0.0.1:", 1).replacen("[::]:", "[::1]:", 1)
}

fn verdict(answer: &str) -> Result<(), NotReady> {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    match head.split(' ').nth(1) {
        Some("200") => Ok(()),
        Some(status) => Err(NotReady::Says(format!("{status}: {}", body.trim()))),
        None => Err(NotReady::Says("what answers there does not speak HTTP".to_owned())),
    }
}

async fn exchange(address: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET /readyz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    // More than any answer of ours; a stranger on the port must not fill the memory.
    stream.take(16 * 1024).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_yes_is_healthy() {
        assert!(verdict("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nready\n").is_ok());
        let away = verdict("HTTP/1.1 503 Service Unavailable\r\n\r\nThe database is not available.\n");
        assert_eq!(away.expect_err("not ready").to_string(), "503: The database is not available.");
        assert!(verdict("").is_err());
    }

    #[test]
    fn a_process_that_listens_everywhere_is_asked_here() {
        assert_eq!(reachable("0.0.0.0:8080"), "127.0.0.1:8080");
        assert_eq!(reachable("[::]:8080"), "[::1]:8080");
        assert_eq!(reachable("10.0.0.1:80"), "10.0.0.1:80");
    }
}
