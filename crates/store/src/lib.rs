//! Records and library in SQLite or PostgreSQL.
