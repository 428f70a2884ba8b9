//! Who may do what: roles, scopes, decisions.
