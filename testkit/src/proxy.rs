//! A TCP proxy that breaks connections in the ways in which networks break them.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::Url;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::PATIENCE;
use crate::port::free_port;

/// What happens to a connection from the request on that it befalls.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// It is reset; the request does not get through.
    Reset,
    /// It stays open, and nothing gets through.
    Silence,
    /// The request gets through; when the answer comes the connection ends.
    LoseAnswer,
    /// So many bytes of the answer get through, then the connection ends.
    CutAnswer(usize),
    /// So many bytes of the answer get through, then one byte a second.
    TrickleAnswer(usize),
}

/// Says of what a client sends whether a fault befalls its connection.
type Rule = Box<dyn FnMut(&[u8]) -> Option<Fault> + Send>;

/// A proxy in front of one server.
pub struct Proxy {
    url: Url,
    address: SocketAddr,
    server: SocketAddr,
    faults: Arc<Faults>,
    carrying: Option<JoinHandle<()>>,
}

struct Faults {
    rule: Mutex<Option<Rule>>,
    befallen: watch::Sender<usize>,
}

impl Faults {
    fn of(&self, request: &[u8]) -> Option<Fault> {
        let fault = self.rule.lock().expect("no rule panics").as_mut().and_then(|rule| rule(request));
        if fault.is_some() {
            self.befallen.send_modify(|count| *count += 1);
        }
        fault
    }
}

impl Proxy {
    /// One in front of the server that this URL names, carrying everything.
    pub async fn before(url: &str) -> Self {
        let mut url = Url::parse(url).expect("a URL");
        let port = url.port_or_known_default().expect("a port");
        let server = (url.host_str().expect("a host"), port);
        let server = tokio::net::lookup_host(server).await.expect("it is known").next().expect("it has an address");
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let listener = TcpListener::bind(address).await.expect("the port is still free");
        url.set_host(Some("127.0.0.1")).expect("a host");
        url.set_port(Some(address.port())).expect("a port");
        let faults = Arc::new(Faults { rule: Mutex::new(None), befallen: watch::Sender::new(0) });
        let carrying = Some(carry_all(listener, server, Arc::clone(&faults)));
        Self { url, address, server, faults, carrying }
    }

    /// The server's URL, by way of this proxy.
    pub fn url(&self) -> &str {
        self.url.as_str().trim_end_matches('/')
    }

    /// From now on, this rule says which requests meet with which fault. What has met with one keeps it.
    pub fn breaks(&self, rule: impl FnMut(&[u8]) -> Option<Fault> + Send + 'static) {
        *self.faults.rule.lock().expect("no rule panics") = Some(Box::new(rule));
    }

    /// The next request of this kind meets with the fault, and no other.
    pub fn breaks_once(&self, fault: Fault, kind: impl Fn(&[u8]) -> bool + Send + 'static) {
        let mut fault = Some(fault);
        self.breaks(move |request| if kind(request) { fault.take() } else { None });
    }

    /// From now on, no request meets with a fault.
    pub fn heals(&self) {
        *self.faults.rule.lock().expect("no rule panics") = None;
    }

    /// Waits until so many requests have met with a fault.
    pub async fn broke(&self, times: usize) {
        let mut befallen = self.faults.befallen.subscribe();
        let broke = tokio::time::timeout(PATIENCE, befallen.wait_for(|count| *count >= times)).await;
        assert!(broke.is_ok(), "no request met with the fault");
    }

    /// Ends all connections and refuses new ones.
    pub async fn close(&mut self) {
        if let Some(carrying) = self.carrying.take() {
            carrying.abort();
            let _ = carrying.await;
        }
    }

    /// Takes connections again.
    pub async fn open(&mut self) {
        let listener = TcpListener::bind(self.address).await.expect("the port is still free");
        self.carrying = Some(carry_all(listener, self.server, Arc::clone(&self.faults)));
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(carrying) = &self.carrying {
            carrying.abort();
        }
    }
}

fn carry_all(listener: TcpListener, server: SocketAddr, faults: Arc<Faults>) -> JoinHandle<()> {
    tokio::spawn(async move {
        // They end with this task.
        let mut connections = JoinSet::new();
        while let Ok((client, _)) = listener.accept().await {
            let faults = Arc::clone(&faults);
            connections.spawn(async move { carry(client, server, &faults).await });
        }
    })
}

/// Carries one connection until either side, or a fault, ends it.
async fn carry(mut client: TcpStream, server: SocketAddr, faults: &Faults) -> std::io::Result<()> {
    let mut server = TcpStream::connect(server).await?;
    let (mut request, mut answer) = ([0; 65536], [0; 65536]);
    let mut fault = None;
    loop {
        tokio::select! {
            length = client.read(&mut request) => {
                let request = &request[..length?];
                fault = faults.of(request).or(fault);
                match fault {
                    _ if request.is_empty() => return Ok(()),
                    Some(Fault::Reset) => return client.set_zero_linger(),
                    Some(Fault::Silence) => {}
                    _ => server.write_all(request).await?,
                }
            }
            length = server.read(&mut answer) => {
                let answer = &answer[..length?];
                match &mut fault {
                    _ if answer.is_empty() => return Ok(()),
                    Some(Fault::LoseAnswer) => return Ok(()),
                    Some(Fault::Reset | Fault::Silence) => {}
                    None => client.write_all(answer).await?,
                    Some(Fault::CutAnswer(left)) => {
                        let through = take(answer, left);
                        client.write_all(through).await?;
                        if through.len() < answer.len() {
                            return Ok(());
                        }
                    }
                    Some(Fault::TrickleAnswer(left)) => {
                        let at_once = take(answer, left);
                        client.write_all(at_once).await?;
                        for byte in &answer[at_once.len()..] {
                            tokio::time::sleep(Duration::from_secs(1)).await;
                            client.write_all(&[*byte]).await?;
                        }
                    }
                }
            }
        }
    }
}

/// As many of the bytes as are left to be let through.
fn take<'a>(bytes: &'a [u8], left: &mut usize) -> &'a [u8] {
    let through = bytes.len().min(*left);
    *left -= through;
    &bytes[..through]
}

/// Whether the bytes contain these.
pub fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
