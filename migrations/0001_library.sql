-- The library: what happened, for ever. Texts for ids and words, 64-bit milliseconds for times, JSON as text, so that
-- one set of statements serves SQLite and PostgreSQL.

CREATE TABLE interactions (
    id            TEXT   NOT NULL PRIMARY KEY,
    channel       TEXT   NOT NULL,
    state         TEXT   NOT NULL,
    from_number   TEXT   NOT NULL,
    from_display  TEXT,
    from_user     TEXT,
    to_number     TEXT   NOT NULL,
    origin        TEXT   NOT NULL,
    arrived_at    BIGINT NOT NULL,
    queue         TEXT,
    queued_at     BIGINT,
    agent         TEXT,
    connected_at  BIGINT,
    ended_at      BIGINT,
    closed_at     BIGINT,
    outcome       TEXT,
    waited_ms     BIGINT NOT NULL,
    talked_ms     BIGINT NOT NULL,
    held_ms       BIGINT NOT NULL,
    wrapped_up_ms BIGINT NOT NULL,
    offers        BIGINT NOT NULL,
    -- A JSON list of leg ids.
    legs          TEXT   NOT NULL
);
CREATE INDEX interactions_by_arrival ON interactions (arrived_at, id);
CREATE INDEX interactions_by_queue ON interactions (queue, arrived_at, id);
CREATE INDEX interactions_by_agent ON interactions (agent, arrived_at, id);

CREATE TABLE timeline (
    seq         BIGINT NOT NULL PRIMARY KEY,
    at          BIGINT NOT NULL,
    interaction TEXT,
    kind        TEXT   NOT NULL,
    -- The event in JSON, in the form that store/src/snapshots keeps.
    event       TEXT   NOT NULL
);
CREATE INDEX timeline_by_interaction ON timeline (interaction, seq);

CREATE TABLE recordings (
    id          TEXT   NOT NULL PRIMARY KEY,
    interaction TEXT   NOT NULL,
    kind        TEXT   NOT NULL,
    started_at  BIGINT NOT NULL,
    length_ms   BIGINT,
    bytes       BIGINT
);
CREATE INDEX recordings_by_interaction ON recordings (interaction, started_at);

CREATE TABLE sip_messages (
    -- Given by the writer: it grows with time, so it is the order too.
    number    BIGINT  NOT NULL PRIMARY KEY,
    leg       TEXT    NOT NULL,
    at        BIGINT  NOT NULL,
    sent      BOOLEAN NOT NULL,
    transport TEXT    NOT NULL,
    remote    TEXT    NOT NULL,
    text      TEXT    NOT NULL
);
CREATE INDEX sip_messages_by_leg ON sip_messages (leg, number);
