-- Accounts: hashes of passwords and tokens, never the secrets themselves; and what is remembered of the site.
-- From here on `record` and the change log hold what frontends are shown, which is less than the dossier where
-- somebody keeps something back; `set_at` is that of the record, `expires_at` that of the true status.

create table password (
    login text primary key,
    hash text not null
) without rowid;

-- `digest` is SHA-256: a token is 256 random bits, which nobody can try out.
create table token (
    id text primary key,
    login text not null,
    digest blob not null unique,
    about blob not null
) without rowid;
create index token_login on token (login);

create table memory (
    name text primary key,
    value text not null
) without rowid;

-- When somebody lets others see less, what the log says of before is made as narrow.
create index change_login on change (login);

-- The answer to an operation where it is another than what the change log holds.
alter table operation add column answer blob;
-- Operations are trimmed by age: one that changes nothing of what is shown has no revision of its own.
alter table operation add column made_at integer not null default 0;
create index operation_made_at on operation (made_at);
drop index operation_revision;
