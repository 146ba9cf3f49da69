//! What only a world on the fake can be asked, and what its workers say of themselves.

use std::sync::Arc;
use std::time::Duration;

use crate::World;
use crate::fake_aws::{FakeAws, Held};

/// How much of the fake's time passes between two looks.
const STEP: Duration = Duration::from_secs(10);
/// For so long nobody's time passes fast who has a message in hand: work that is slow only because the machine is busy is no
/// work that was given up.
const MAY_TAKE: Duration = Duration::from_secs(8);

impl World {
    /// The fake that its bucket and its queue are in.
    ///
    /// # Panics
    /// Where they are in LocalStack.
    pub fn fake(&self) -> &Arc<FakeAws> {
        self.fake.as_ref().expect("the world is built on the fake")
    }

    /// What its queue holds.
    pub fn held(&self) -> Held {
        self.fake().held(self.localstack.bucket())
    }

    /// Waits until something is so, while time passes fast for the store and the queue: what waits to come again comes.
    pub async fn until_in_time(&self, what: &str, mut is_so: impl AsyncFnMut() -> bool) {
        self.until(what, async || {
            self.let_time_pass();
            is_so().await
        })
        .await;
    }

    pub(crate) fn let_time_pass(&self) {
        if let Some(fake) = &self.fake
            && !fake.has_in_hand(self.localstack.bucket(), MAY_TAKE)
        {
            fake.clock().advance(STEP);
        }
    }

    /// Whether its first worker is ready, and what it says.
    pub async fn readiness(&self) -> (u16, String) {
        let url = format!("http://{}/readyz", self.workers[0]);
        let answer = reqwest::get(url).await.expect("the worker answers");
        (answer.status().as_u16(), answer.text().await.expect("a text"))
    }

    /// Whether its first worker is not ready and says so in these words.
    pub async fn is_not_ready(&self, because: &str) -> bool {
        let (status, says) = self.readiness().await;
        status == 503 && says.contains(because)
    }

    /// A metric: one series as `name{label="value"}`, or the sum of all that have the name. All worlds of a process share
    /// them.
    pub fn metric(&self, name: &str) -> f64 {
        let is_meant = |series: &str| series == name || series.split('{').next() == Some(name);
        let value = |line: &str| {
            let (series, value) = line.rsplit_once(' ')?;
            is_meant(series).then(|| value.parse::<f64>().ok())?
        };
        sluice_worker::metrics::recorder().render().lines().filter_map(value).sum()
    }

    /// How many statements were sent, but for those about API keys: when these are looked up and their use is noted is a matter of
    /// time.
    pub fn statements(&self) -> f64 {
        let about_keys = ["look up API keys", "note the use of API keys"];
        let of = |operation| self.metric(&format!("sluice_sql_statements_total{{operation=\"{operation}\"}}"));
        self.metric("sluice_sql_statements_total") - about_keys.map(of).iter().sum::<f64>()
    }
}
