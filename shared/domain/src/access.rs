//! Who may do what: one table, deny by default. Users have a role, machines have scopes; both come down to actions.

use crate::ids::{SessionId, TenantId};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    Viewer,
    Operator,
    Admin,
    Owner,
}

impl Role {
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Operator, Self::Admin, Self::Owner];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }

    /// Whether a user of this role may give, take or change the other role: nobody reaches above their own.
    pub fn manages(self, other: Self) -> bool {
        self >= Self::Admin && self >= other
    }
}

macro_rules! actions {
    ($($variant:ident: $scope:literal, $least:ident;)*) => {
        /// What a route does, as far as access is concerned.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Action {
            $($variant,)*
        }

        impl Action {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The scope a machine needs.
            pub fn scope(self) -> &'static str {
                match self {
                    $(Self::$variant => $scope,)*
                }
            }

            /// The least role a user needs.
            pub fn least_role(self) -> Role {
                match self {
                    $(Self::$variant => Role::$least,)*
                }
            }
        }
    };
}

// The table.
actions! {
    TenantRead:     "tenant:read",     Viewer;
    UserRead:       "users:read",      Admin;
    UserWrite:      "users:write",     Admin;
    UserReadSelf:   "users:read",      Viewer;
    UserWriteSelf:  "users:write",     Viewer;
    SessionEnd:     "sessions:write",  Viewer;
    OrderRead:      "orders:read",     Viewer;
    OrderWrite:     "orders:write",    Operator;
    PaymentRead:    "payments:read",   Viewer;
    PaymentWrite:   "payments:write",  Operator;
    RefundRead:     "payments:read",   Viewer;
    RefundWrite:    "refunds:write",   Operator;
    DisputeRead:    "disputes:read",   Viewer;
    DisputeWrite:   "disputes:write",  Operator;
    AccountRead:    "accounts:read",   Viewer;
    WalletWrite:    "wallets:write",   Operator;
    StatementRead:  "statements:read", Viewer;
    StatementWrite: "statements:write", Admin;
    SettingRead:    "settings:read",   Admin;
    SettingWrite:   "settings:write",  Admin;
    EventRead:      "events:read",     Viewer;
    WebhookRead:    "webhooks:read",   Viewer;
    WebhookWrite:   "webhooks:write",  Admin;
    ProviderRead:   "providers:read",  Admin;
    ProviderWrite:  "providers:write", Admin;
    FileRead:       "files:read",      Viewer;
    FileWrite:      "files:write",     Operator;
    ReportWrite:    "reports:write",   Operator;
    JobRead:        "jobs:read",       Viewer;
    JobWrite:       "jobs:write",      Operator;
    JobPause:       "jobs:pause",      Admin;
    DeadLetterRead:  "dead_letters:read",  Admin;
    DeadLetterWrite: "dead_letters:write", Admin;
}

/// What a verified token grants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grant {
    Role(Role),
    Scopes(Vec<String>),
}

impl Grant {
    pub fn allows(&self, action: Action) -> bool {
        match self {
            Self::Role(role) => *role >= action.least_role(),
            Self::Scopes(scopes) => scopes.iter().any(|scope| scope == action.scope()),
        }
    }
}

/// Who calls, as the verified token says. Every id a caller names is looked up within `tenant`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub tenant: TenantId,
    /// The user's or the client's id.
    pub subject: String,
    pub session: Option<SessionId>,
    pub grant: Grant,
    /// When the token was issued, in seconds: a later revocation of the subject refuses it.
    pub issued_at_seconds: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_only_ever_gain_rights() {
        for action in Action::ALL {
            for role in Role::ALL {
                assert_eq!(Grant::Role(role).allows(*action), role >= action.least_role(), "{role:?} {action:?}");
            }
            assert!(Grant::Role(Role::Owner).allows(*action));
        }
    }

    #[test]
    fn who_moves_money_and_who_manages_users() {
        let may = |role| {
            Action::ALL.iter().filter(|a| Grant::Role(role).allows(**a)).map(|a| format!("{a:?}")).collect::<Vec<_>>()
        };
        assert_eq!(
            may(Role::Viewer),
            [
                "TenantRead",
                "UserReadSelf",
                "UserWriteSelf",
                "SessionEnd",
                "OrderRead",
                "PaymentRead",
                "RefundRead",
                "DisputeRead",
                "AccountRead",
                "StatementRead",
                "EventRead",
                "WebhookRead",
                "FileRead",
                "JobRead",
            ]
        );
        assert!(
            may(Role::Operator).contains(&"RefundWrite".to_owned())
                && !may(Role::Operator).contains(&"UserRead".to_owned())
                && !may(Role::Operator).contains(&"StatementWrite".to_owned())
        );
        assert_eq!(may(Role::Admin).len(), Action::ALL.len());
    }

    #[test]
    fn scopes_are_exact_and_nothing_is_the_default() {
        let payments = Grant::Scopes(vec!["payments:write".into()]);
        assert!(payments.allows(Action::PaymentWrite));
        assert!(!payments.allows(Action::PaymentRead) && !payments.allows(Action::RefundWrite));
        assert!(Action::ALL.iter().all(|action| !Grant::Scopes(Vec::new()).allows(*action)));
        assert!(!Grant::Scopes(vec!["payments:writer".into(), "*".into()]).allows(Action::PaymentWrite));
    }

    #[test]
    fn nobody_manages_above_their_own_role() {
        for (role, other, expected) in [
            (Role::Owner, Role::Owner, true),
            (Role::Admin, Role::Owner, false),
            (Role::Admin, Role::Admin, true),
            (Role::Operator, Role::Viewer, false),
        ] {
            assert_eq!(role.manages(other), expected, "{role:?} over {other:?}");
        }
    }
}
