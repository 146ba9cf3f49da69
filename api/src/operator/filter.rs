//! Which uploads an operator means: in the query of searchUploads, and in the body of actOnUploads.

use poem_openapi::Object;
use sluice_common::db::uploads::search::Wanted;
use sluice_common::domain::{self, ObjectKey, UploadId};

use super::reach::whose;
use crate::auth::Operator;
use crate::scalars::{PolicyName, TenantName, Text, Time};
use crate::uploads::{ReasonCode, UploadStatus};

/// Which uploads are meant: those that fit all that is said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none, deny_unknown_fields)]
pub struct UploadFilter {
    /// Only uploads in one of these statuses.
    pub status: Option<Vec<UploadStatus>>,
    /// Only uploads of this tenant.
    pub tenant: Option<TenantName>,
    /// Only uploads under this policy.
    pub policy: Option<PolicyName>,
    /// Only uploads declared or seen to be of this type: `image/png`, or `image/*`.
    #[oai(rename = "type")]
    pub media_type: Option<Text>,
    /// Only uploads that were rejected for this reason, among others perhaps.
    pub reason: Option<ReasonCode>,
    /// Only uploads declared at this time or later.
    pub created_from: Option<Time>,
    /// Only uploads declared before this time.
    pub created_before: Option<Time>,
    /// Only the upload of this id or of this object key, or uploads whose file name contains this, in capitals or not.
    pub text: Option<Text>,
}

impl UploadFilter {
    /// The uploads that are meant, of those that the operator reaches. `None` where they reach none of them, or none can be.
    pub fn wanted(&self, operator: &Operator) -> Option<Wanted> {
        // No name and no type holds a NUL, and Postgres takes none.
        if [&self.text, &self.media_type].into_iter().flatten().any(|text| text.0.contains('\0')) {
            return None;
        }
        let tenant = whose(operator, self.tenant.as_ref().map(|tenant| tenant.0.as_str()))?;
        let statuses = self.status.iter().flatten().map(|status| domain::UploadStatus::from(*status));
        let text = self.text.as_ref().map(|text| text.0.trim()).filter(|text| !text.is_empty());
        let only = text.and_then(|text| UploadId::parse(&text.to_lowercase()).or_else(|| ObjectKey::upload_id(text)));
        let mut statuses: Vec<_> = statuses.collect();
        statuses.sort_by_key(|status| status.as_str());
        statuses.dedup();
        Some(Wanted {
            tenant,
            statuses,
            policy: self.policy.as_ref().map(|policy| policy.0.clone()),
            media_type: self.media_type.as_ref().map(|name| name.0.clone()),
            reason: self.reason.map(domain::ReasonCode::from),
            created_from: self.created_from.map(|time| time.0),
            created_before: self.created_before.map(|time| time.0),
            only,
            filename: text.filter(|_| only.is_none()).map(str::to_owned),
        })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::auth::Stay;

    fn operator(tenant: Option<&str>) -> Operator {
        Operator {
            tenant: tenant.map(|name| domain::Tenant::parse(name).expect("valid")),
            may_act: false,
            key: Uuid::nil(),
            name: String::new(),
            expires_at: None,
            stay: Stay::by_token(None),
        }
    }

    fn of_text(text: &str) -> Wanted {
        let filter = UploadFilter { text: Some(Text(text.to_owned())), ..UploadFilter::default() };
        filter.wanted(&operator(None)).expect("all are reached")
    }

    #[test]
    fn an_id_or_an_object_key_is_that_upload_and_all_else_part_of_a_file_name() {
        let id = "019b3f7e-5c1d-7c43-9f0e-2b6f6f1f9a10";
        for text in [id, &id.to_uppercase(), &format!(" images/acme/{id}.png ")] {
            let wanted = of_text(text);
            assert_eq!(wanted.only.map(|id| id.to_string()).as_deref(), Some(id), "{text}");
            assert_eq!(wanted.filename, None);
        }
        assert_eq!(of_text(" holiday ").filename.as_deref(), Some("holiday"));
        assert_eq!(of_text("  "), Wanted::default());
        let none = UploadFilter { text: Some(Text("a\0".to_owned())), ..UploadFilter::default() };
        assert_eq!(none.wanted(&operator(None)), None);
    }

    #[test]
    fn an_operator_of_one_tenant_means_that_tenants_uploads_whatever_they_say() {
        let acme = domain::Tenant::parse("acme").ok();
        let of = |name: &str| UploadFilter { tenant: Some(TenantName(name.to_owned())), ..UploadFilter::default() };
        let tenant = |filter: UploadFilter, own| filter.wanted(&operator(own)).map(|wanted| wanted.tenant);
        assert_eq!(tenant(UploadFilter::default(), Some("acme")), Some(acme.clone()));
        assert_eq!(tenant(of("acme"), Some("acme")), Some(acme.clone()));
        assert_eq!(tenant(of("globex"), Some("acme")), None);
        assert_eq!(tenant(of("acme"), None), Some(acme));
        assert_eq!(tenant(UploadFilter::default(), None), Some(None));
    }
}
