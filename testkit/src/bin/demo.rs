//! Sends real files through a running Sluice and shows each verdict as it comes.

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sluice_testkit::{Client, File, files};

/// One file of the demo, and how it should end.
struct Scene {
    title: &'static str,
    file: File,
    /// What is declared beside name and type.
    declared: Value,
    /// Whether anything is sent at all.
    sends: bool,
    expected: &'static str,
}

fn scenes() -> [Scene; 4] {
    let size = |file: &File| json!({"size": file.bytes.len()});
    let (png, script, longer) = (files::large_png(48_213), files::script_as_png(), files::large_png(48_213));
    [
        Scene { title: "a true PNG", declared: size(&png), file: png, sends: true, expected: "confirmed" },
        Scene {
            title: "a script that claims to be a PNG",
            declared: size(&script),
            file: script,
            sends: true,
            expected: "rejected",
        },
        Scene {
            title: "a PNG that declares 1,000 bytes and sends 48,213",
            declared: json!({"size": 1000, "policy": "brief"}),
            file: longer,
            sends: true,
            expected: "expired",
        },
        Scene {
            title: "a PNG that nobody ever sends",
            declared: json!({"policy": "brief"}),
            file: files::png(),
            sends: false,
            expected: "expired",
        },
    ]
}

#[tokio::main]
async fn main() -> ExitCode {
    let variables = (std::env::var("SLUICE_URL"), std::env::var("SLUICE_API_KEY"));
    let (Ok(url), Ok(key)) = variables else {
        eprintln!("demo: SLUICE_URL and SLUICE_API_KEY are not set; start Sluice with ./dev up, then run ./dev demo");
        return ExitCode::FAILURE;
    };
    let stage = Stage { client: Client::new(&url, Some(&key)), started: Instant::now(), colour: wants_colour() };
    stage.line("", &format!("Sending four files to {url}"));
    let played = scenes().into_iter().enumerate().map(|(place, scene)| {
        let stage = stage.clone();
        tokio::spawn(async move { stage.play(place + 1, scene).await })
    });
    let mut as_expected = true;
    for scene in played.collect::<Vec<_>>() {
        as_expected &= scene.await.unwrap_or(false);
    }
    if as_expected {
        stage.line("", "All four ended as they should. Each one's story is on its timeline in the database.");
        return ExitCode::SUCCESS;
    }
    eprintln!("demo: not everything ended as it should; ./dev logs shows why");
    ExitCode::FAILURE
}

fn wants_colour() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// Where the demo is shown.
#[derive(Clone)]
struct Stage {
    client: Client,
    started: Instant,
    colour: bool,
}

impl Stage {
    /// Plays one scene. Says whether it ended as it should.
    async fn play(&self, number: usize, scene: Scene) -> bool {
        let who = format!("file {number}");
        let mut declaration = json!({"filename": scene.file.name, "content_type": scene.file.content_type});
        for (field, value) in scene.declared.as_object().into_iter().flatten() {
            declaration[field] = value.clone();
        }
        let upload = self.client.declare_as(&declaration).await;
        self.line(&who, &format!("declared    {}", scene.title));
        if scene.sends {
            match upload.try_put(&scene.file.bytes).await {
                Ok(()) => {
                    self.line(&who, &format!("sent        {} bytes, straight to the bucket", scene.file.bytes.len()))
                }
                Err((status, code)) => {
                    self.line(&who, &format!("refused     by the store: {} {code}", status.as_u16()))
                }
            }
        } else {
            self.line(&who, "abandoned   its time is 8 seconds");
        }
        let decided = self.verdict(upload.id()).await;
        self.line(&who, &self.describe(&decided));
        decided["status"] == scene.expected
    }

    async fn verdict(&self, id: &str) -> Value {
        let path = format!("/v1/uploads/{id}");
        let give_up = Instant::now() + Duration::from_secs(60);
        loop {
            let answer =
                self.client.send(reqwest::Method::GET, &path, None, &[("prefer", "wait=20")]).await.expect(200);
            if answer.body["status"] != "pending" || Instant::now() > give_up {
                return answer.body;
            }
        }
    }

    fn describe(&self, upload: &Value) -> String {
        let status = upload["status"].as_str().unwrap_or("?");
        let reasons: Vec<&str> =
            upload["reasons"].as_array().into_iter().flatten().filter_map(|reason| reason["detail"].as_str()).collect();
        let why = match status {
            "confirmed" => format!("{}, {} bytes", show(&upload["object"]["detected_type"]), upload["object"]["size"]),
            "expired" => "nothing arrived before the deadline".to_owned(),
            _ => reasons.join(" "),
        };
        let colour = if status == "confirmed" { "32" } else { "33" };
        let padded = format!("{status:<11}");
        let painted = if self.colour { format!("\x1b[1;{colour}m{padded}\x1b[0m") } else { padded };
        format!("{painted} {why}")
    }

    #[expect(clippy::print_stdout, reason = "the demo is for people")]
    fn line(&self, who: &str, what: &str) {
        println!("{:>6.2} s  {who:<6}  {what}", self.started.elapsed().as_secs_f64());
    }
}

fn show(value: &Value) -> &str {
    value.as_str().unwrap_or("of no known type")
}
