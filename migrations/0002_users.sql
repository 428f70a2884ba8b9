-- Who may log in, who is logged in, and who did what.

CREATE TABLE users (
    -- The login in lower case: two logins that differ only in case are one.
    login_key     TEXT    NOT NULL PRIMARY KEY,
    login         TEXT    NOT NULL,
    name          TEXT    NOT NULL,
    role          TEXT    NOT NULL,
    -- A JSON list of queues a supervisor looks after; NULL is all of them.
    queues        TEXT,
    -- argon2id, in the PHC string form.
    password_hash TEXT    NOT NULL,
    created_at    BIGINT  NOT NULL,
    disabled      BOOLEAN NOT NULL
);

CREATE TABLE sessions (
    -- SHA-256 of the token, in hexadecimal; the token itself is known to the browser only.
    token_hash TEXT   NOT NULL PRIMARY KEY,
    login_key  TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (login_key);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- Entries are added, never changed and never taken away: the program has no statement that would.
CREATE TABLE audit (
    number       BIGINT NOT NULL PRIMARY KEY,
    at           BIGINT NOT NULL,
    who          TEXT   NOT NULL,
    deed         TEXT   NOT NULL,
    object       TEXT   NOT NULL,
    from_address TEXT   NOT NULL
);
