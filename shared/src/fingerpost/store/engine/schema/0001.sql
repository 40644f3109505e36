-- The first schema: who there is, what they said, and the numbered log of changes that frontends follow.
-- Times are microseconds since 1970 in UTC. `record` is the public record as JSON, `dossier` all that is known;
-- somebody whom no source knows just now has no record, but what they said is kept.

create table store (
    id integer primary key check (id = 1),
    epoch text not null,
    revision integer not null
);

create table person (
    login text primary key,
    revision integer not null,
    dossier blob not null,
    record blob,
    set_at integer,
    expires_at integer
) without rowid;
create index person_latest on person (set_at desc, login desc) where set_at is not null;
create index person_expiring on person (expires_at) where expires_at is not null;

-- Under which words a person is found; `alias` marks those that stand for the login.
create table term (
    term text not null,
    login text not null,
    alias integer not null,
    primary key (term, login)
) without rowid;
create index term_login on term (login);

-- Who is known from which source, so that a source can be compared with what it said before.
create table entry (
    source text not null,
    login text not null,
    primary key (source, login)
) without rowid;

create table change (
    revision integer primary key,
    login text not null,
    record blob
);

-- Operations that were answered, so that a repeated one is answered alike; trimmed with the log.
create table operation (
    login text not null,
    op_id text not null,
    revision integer not null,
    primary key (login, op_id)
) without rowid;
create index operation_revision on operation (revision);

create table history (
    login text not null,
    set_at integer not null,
    status blob not null,
    primary key (login, set_at)
) without rowid;
