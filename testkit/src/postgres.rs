//! A Postgres of a test's own, which can be stopped and started again.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio_postgres::NoTls;

use crate::PATIENCE;
use crate::port::free_port;

/// A server with one superuser and nothing in it. It ends with the test, however the test ends.
pub struct Postgres {
    programs: PathBuf,
    home: PathBuf,
    port: u16,
    server: Option<Child>,
}

impl Postgres {
    /// Makes one and waits until it answers.
    pub async fn start() -> Self {
        let home = std::env::temp_dir().join(format!("sluice-postgres-{:08x}", rand::random::<u32>()));
        fs::create_dir(&home).expect("a folder can be made");
        let mut postgres = Self { programs: programs(), home, port: free_port(), server: None };
        postgres.create_cluster();
        postgres.restart().await;
        postgres
    }

    fn create_cluster(&self) {
        if let Some((user, group)) = unprivileged() {
            std::os::unix::fs::chown(&self.home, Some(user), Some(group)).expect("root may give it away");
        }
        let made = self
            .run("initdb")
            .args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"])
            .arg(self.home.join("data"))
            .output()
            .expect("initdb can be run");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }

    /// Starts the stopped server again and waits until it answers.
    pub async fn restart(&mut self) {
        assert!(self.server.is_none(), "it runs");
        let log = fs::File::create(self.home.join("log")).expect("a log can be made");
        let mut command = self.run("postgres");
        command.arg("-D").arg(self.home.join("data"));
        for setting in
            [&format!("port={}", self.port), "listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off"]
        {
            command.args(["-c", setting]);
        }
        let server = command.stdout(Stdio::null()).stderr(log).spawn();
        self.server = Some(server.expect("postgres can be run"));
        let answers = async {
            while tokio_postgres::connect(&self.url(), NoTls).await.is_err() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let answers = tokio::time::timeout(PATIENCE, answers).await;
        assert!(answers.is_ok(), "{}", fs::read_to_string(self.home.join("log")).unwrap_or_default());
    }

    /// Stops it as a crash would: no connection is told, nothing is tidied up.
    pub fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            let asked = Command::new("kill").args(["-QUIT", &server.id().to_string()]).status();
            if !asked.is_ok_and(|asked| asked.success()) {
                let _ = server.kill();
            }
            let _ = server.wait();
        }
    }

    /// The URL of its database `postgres`.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Runs statements as its superuser, each in a transaction of its own.
    pub async fn execute(&self, statements: &[&str]) {
        let (client, connection) = tokio_postgres::connect(&self.url(), NoTls).await.expect("it answers");
        let driven = tokio::spawn(connection);
        for statement in statements {
            client.batch_execute(statement).await.expect("the statement is valid");
        }
        drop(client);
        let _ = driven.await;
    }

    /// A program of Postgres, run by a user it accepts. It is ended by the system if the test is killed.
    fn run(&self, program: &str) -> Command {
        let mut command = Command::new("setpriv");
        if let Some((user, group)) = unprivileged() {
            command.args([&format!("--reuid={user}"), &format!("--regid={group}"), "--clear-groups"]);
        }
        command.args(["--pdeathsig", "QUIT", "--"]).arg(self.programs.join(program)).current_dir("/");
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop();
        let _ = fs::remove_dir_all(&self.home);
    }
}

/// The folder of the newest Postgres that is installed here.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|version| version.path());
    let mut debian: Vec<PathBuf> = versions.filter(|path| path.join("bin/initdb").exists()).collect();
    debian.sort_by_key(|path| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok()));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let elsewhere = || std::env::split_paths(&path).find(|folder| folder.join("initdb").exists());
    debian.pop().map(|path| path.join("bin")).or_else(elsewhere).expect("Postgres is installed")
}

/// The user and the group that Postgres runs as where the test runs as root, whom it refuses.
fn unprivileged() -> Option<(u32, u32)> {
    let number = |arguments: &[&str]| {
        let output = Command::new("id").args(arguments).output().expect("id can be run");
        String::from_utf8_lossy(&output.stdout).trim().parse::<u32>().ok()
    };
    if number(&["-u"]) != Some(0) {
        return None;
    }
    let of = |user: &str| Some((number(&["-u", user])?, number(&["-g", user])?));
    Some(of("postgres").or_else(|| of("nobody")).expect("every system has a nobody"))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn nothing_of_it_is_left_when_the_test_panics() {
        let test = tokio::spawn(async {
            let postgres = Postgres::start().await;
            std::panic::panic_any((postgres.home.clone(), postgres.port));
        });
        let panic = test.await.expect_err("it panics").into_panic();
        let (home, port) = *panic.downcast::<(PathBuf, u16)>().expect("what it panicked with");
        assert!(!home.exists());
        assert!(TcpListener::bind(("127.0.0.1", port)).is_ok());
    }
}
