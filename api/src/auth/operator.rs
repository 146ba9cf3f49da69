//! Who looks after the service, and how far they reach.

use jiff::Timestamp;
use sluice_common::db::api_keys::FoundKey;
use sluice_common::domain::Tenant;
use uuid::Uuid;

use super::{Scope, Stay};

/// Somebody who looks after the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// Whose uploads they see and touch; all, if it is none.
    pub tenant: Option<Tenant>,
    /// Whether they may act, or only look.
    pub may_act: bool,
    /// The API key behind them: for the timeline.
    pub key: Uuid,
    /// What people call that key.
    pub name: String,
    /// When they are known no longer, if that is known.
    pub expires_at: Option<Timestamp>,
    /// How long they stay let in.
    pub stay: Stay,
}

impl Operator {
    /// Whoever holds this key, if it is one of an operator.
    pub fn of_key(key: &FoundKey, stay: Stay) -> Option<Self> {
        let has = |scope: Scope| key.scopes.iter().any(|name| name == scope.as_str());
        let may_act = has(Scope::Operator);
        (may_act || has(Scope::OperatorRead)).then(|| Self {
            tenant: (!key.all_tenants).then(|| key.tenant.clone()),
            may_act,
            key: key.id,
            name: key.name.clone(),
            expires_at: key.expires_at,
            stay,
        })
    }

    /// Whether they have this scope.
    pub fn has(&self, scope: Scope) -> bool {
        match scope {
            Scope::OperatorRead => true,
            Scope::Operator => self.may_act,
            Scope::UploadsRead | Scope::UploadsWrite => false,
        }
    }

    /// Whether this tenant's uploads are among those that they see.
    pub fn reaches(&self, tenant: &Tenant) -> bool {
        self.tenant.as_ref().is_none_or(|own| own == tenant)
    }
}

#[cfg(test)]
mod tests {
    use sluice_common::db::api_keys::KeyState;

    use super::*;

    fn key(scopes: &[&str], all_tenants: bool) -> FoundKey {
        FoundKey {
            id: Uuid::nil(),
            tenant: Tenant::parse("acme").expect("valid"),
            all_tenants,
            name: "night shift".to_owned(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            expires_at: None,
            state: KeyState::Valid(None),
        }
    }

    fn of_key(scopes: &[&str], all_tenants: bool) -> Option<Operator> {
        Operator::of_key(&key(scopes, all_tenants), Stay::by_token(None))
    }

    #[test]
    fn a_key_makes_an_operator_by_its_scopes_and_reaches_its_tenant_or_all() {
        assert_eq!(of_key(&["uploads:read", "uploads:write"], true), None);
        let reader = of_key(&["operator:read"], false).expect("an operator");
        assert!(reader.has(Scope::OperatorRead) && !reader.has(Scope::Operator));
        let other = Tenant::parse("globex").expect("valid");
        assert!(!reader.reaches(&other));
        let all = of_key(&["operator"], true).expect("an operator");
        assert!(all.has(Scope::Operator) && all.has(Scope::OperatorRead) && all.reaches(&other));
    }
}
