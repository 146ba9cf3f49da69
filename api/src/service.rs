//! What every operation works with.

use std::sync::Arc;
use std::time::Duration;

use sluice_common::coalesce::{BatchError, Coalescer};
use sluice_common::db::listen::{DECIDED, KEYS};
use sluice_common::db::uploads::{self, NewUpload, Recorded};
use sluice_common::db::{Db, DbError};
use sluice_common::domain::{Policies, Tenant, TenantLimits, Upload, UploadId};
use sluice_common::storage::{Bucket, SdkClients, Signer, Store};

use crate::auth::{Identity, KnownKeys, Operator, Sessions, Tokens};
use crate::connection::Places;
use crate::feed::Feed;
use crate::hand::Hands;
use crate::metrics::Metrics;
use crate::operator::Queues;
use crate::rates::Rates;
use crate::request::concerns;
use crate::settings::{Files, Settings};
use crate::waiting::Waiting;

/// The most uploads that one statement records. More make no single one cheaper.
const MOST_PER_BATCH: usize = 100;

/// The longest that one try of a request to the store may take. Only multipart uploads make any.
const STORE_ATTEMPT: Duration = Duration::from_secs(5);

/// The longest that the store is given to make one object of parts, while the client waits: less than the time after which we
/// and most proxies end a silent connection. It is given beside the time that a request may take. The store goes on by itself, and
/// a second call finds the object.
pub const COMPLETION: Duration = Duration::from_secs(45);

/// What every operation works with.
pub struct Service {
    /// The database.
    pub db: Db,
    /// Signs grants and downloads.
    pub signer: Signer,
    /// The bucket, for multipart uploads.
    pub bucket: Bucket,
    /// The rules that uploads are made under.
    pub policies: Policies,
    /// What the store can do.
    pub store: Store,
    /// How long a download's URL can be used.
    pub download_lifetime: Duration,
    /// How the tutorial's calls are served.
    pub files: Files,
    /// Who may call with an API key.
    pub keys: KnownKeys,
    /// Who may call with a token of the identity provider, if there is one.
    pub identity: Option<Identity>,
    /// Which operators have signed in.
    pub sessions: Sessions,
    /// Signs and reads upload tokens.
    pub tokens: Tokens,
    /// Who waits for a verdict.
    pub waiting: Waiting,
    /// Who watches uploads.
    pub feed: Feed,
    /// The dead-letter queue, for operators, and what both queues hold.
    pub queues: Queues,
    /// What is counted.
    pub metrics: Metrics,
    /// The places of connections.
    pub connections: Places,
    /// The places of the requests in hand.
    pub hands: Hands,
    /// How many requests each tenant may send.
    pub rates: Rates,
    inserts: Coalescer<NewUpload, Recorded, DbError>,
}

impl Service {
    /// Puts the parts together.
    pub async fn new(db: Db, settings: Settings) -> Self {
        let sdk = SdkClients::load(&settings.bucket.region).await;
        let credentials = sdk.credentials(&settings.bucket);
        let [decided, keys] = db.listen([DECIDED, KEYS]);
        let waiting = Waiting::new(decided);
        Self {
            signer: Signer::new(settings.bucket, credentials),
            bucket: Bucket::new(&sdk, &settings.inside, STORE_ATTEMPT, COMPLETION),
            connections: Places::new(settings.connections),
            hands: Hands::new(settings.bounds),
            rates: Rates::new(settings.policies.limits().clone()),
            inserts: inserts(db.clone(), settings.policies.limits().clone()),
            policies: settings.policies,
            store: settings.store,
            download_lifetime: settings.download_lifetime,
            files: settings.files,
            keys: KnownKeys::new(db.clone(), keys),
            identity: settings.identity.map(Identity::new),
            sessions: Sessions::new(db.clone()),
            tokens: settings.tokens,
            feed: Feed::new(db.clone(), settings.streams, waiting.heard()),
            waiting,
            queues: Queues::open(settings.dead_letters).await,
            metrics: Metrics::new(),
            db,
        }
    }

    /// Records a pending upload, if it may be, in one statement with all others that come at the same time.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn record(&self, new: NewUpload) -> Result<Recorded, BatchError<DbError>> {
        let recorded = self.inserts.call(new).await?;
        self.count(&recorded);
        Ok(recorded)
    }

    /// Records pending uploads, as far as they may be, in one statement of their own.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn record_all(&self, new: &[NewUpload]) -> Result<Vec<Recorded>, DbError> {
        if new.is_empty() {
            return Ok(Vec::new());
        }
        let recorded = uploads::insert(&self.db, self.policies.limits(), new).await?;
        recorded.iter().for_each(|recorded| self.count(recorded));
        Ok(recorded)
    }

    fn count(&self, recorded: &Recorded) {
        if let Recorded::Upload(upload) = recorded {
            concerns(upload.id);
            self.metrics.count_created(&upload.policy, upload.origin.as_str());
        }
    }

    /// The tenant's upload of this id. Another tenant's is none.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn find(&self, tenant: &Tenant, id: Option<UploadId>) -> Result<Option<Upload>, DbError> {
        let Some(id) = id else { return Ok(None) };
        Ok(uploads::find(&self.db, id).await?.filter(|upload| upload.tenant == *tenant))
    }

    /// The upload of this id, if it is of a tenant that the operator reaches.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn find_for(&self, operator: &Operator, id: Option<UploadId>) -> Result<Option<Upload>, DbError> {
        let Some(id) = id else { return Ok(None) };
        Ok(uploads::find(&self.db, id).await?.filter(|upload| operator.reaches(&upload.tenant)))
    }

    /// The tenant's upload of this id, once it is no longer pending or `patience` is over.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn find_decided(
        &self,
        tenant: &Tenant,
        id: UploadId,
        patience: Duration,
    ) -> Result<Option<Upload>, DbError> {
        self.waiting.until_decided(id, patience, || self.find(tenant, Some(id))).await
    }

    /// The same, once it is as wanted or `patience` is over.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn find_when(
        &self,
        tenant: &Tenant,
        id: UploadId,
        patience: Duration,
        is_wanted: impl Fn(&Upload) -> bool,
    ) -> Result<Option<Upload>, DbError> {
        self.waiting.until(id, patience, || self.find(tenant, Some(id)), is_wanted).await
    }
}

fn inserts(db: Db, limits: TenantLimits) -> Coalescer<NewUpload, Recorded, DbError> {
    let limits = Arc::new(limits);
    Coalescer::new(MOST_PER_BATCH, move |new: Vec<NewUpload>| {
        let (db, limits) = (db.clone(), Arc::clone(&limits));
        async move { uploads::insert(&db, &limits, &new).await }
    })
}
