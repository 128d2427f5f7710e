-- People, and the tokens their devices hold.
-- The checks are the last line: the API refuses the same things earlier and with a better word. They are never stricter than the API.

CREATE TABLE users (
    id            bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT users_pkey PRIMARY KEY,
    username      text NOT NULL CONSTRAINT users_username_check CHECK (username ~ '^[A-Za-z][A-Za-z0-9_]{1,63}$'),
    email         text NOT NULL CONSTRAINT users_email_check CHECK (char_length(email) <= 254 AND position('@' IN email) > 1),
    phone_number  text NOT NULL CONSTRAINT users_phone_number_check CHECK (phone_number ~ '^[0-9]{1,32}$'),
    first_name    text NOT NULL CONSTRAINT users_first_name_check CHECK (char_length(first_name) <= 200),
    last_name     text NOT NULL CONSTRAINT users_last_name_check CHECK (char_length(last_name) <= 200),
    password_hash text NOT NULL CONSTRAINT users_password_hash_check CHECK (char_length(password_hash) BETWEEN 1 AND 1024),
    is_active     boolean NOT NULL DEFAULT true,
    created_at    timestamptz NOT NULL DEFAULT now(),
    modified_at   timestamptz NOT NULL DEFAULT now()
);

-- Names and addresses are compared without case: "Ann" and "ann" are one person. Both sides of every comparison say lower(…).
CREATE UNIQUE INDEX users_username_key ON users (lower(username));
CREATE UNIQUE INDEX users_email_key ON users (lower(email));
CREATE UNIQUE INDEX users_phone_number_key ON users (phone_number);

COMMENT ON INDEX users_pkey IS 'A user by id: names of the authors in an inbox, a thread, a backlog.';
COMMENT ON INDEX users_username_key IS 'A user by name: login, recipient of a message, partner of a thread. Registration: one user a name.';
COMMENT ON INDEX users_email_key IS 'Registration: one user an email address.';
COMMENT ON INDEX users_phone_number_key IS 'Registration: one user a phone number.';

CREATE TABLE auth_tokens (
    id             bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT auth_tokens_pkey PRIMARY KEY,
    user_id        bigint NOT NULL CONSTRAINT auth_tokens_user_id_fkey REFERENCES users (id),
    line_id        uuid NOT NULL,    -- all the rotations that began with one login
    access_key_id  bytea NOT NULL CONSTRAINT auth_tokens_access_key_id_check CHECK (octet_length(access_key_id) = 32),
    secret         bytea NOT NULL    -- version | key id | nonce (12) | ciphertext | tag (16)
                   CONSTRAINT auth_tokens_secret_check CHECK (octet_length(secret) BETWEEN 31 AND 1024),
    refresh_hash   bytea NOT NULL    -- SHA-256 of the refresh token: the token itself is nowhere
                   CONSTRAINT auth_tokens_refresh_hash_check CHECK (octet_length(refresh_hash) = 32),
    device         text NULL CONSTRAINT auth_tokens_device_check CHECK (char_length(device) <= 200),
    is_refreshable boolean NOT NULL DEFAULT true,
    created_at     timestamptz NOT NULL DEFAULT now(),
    modified_at    timestamptz NOT NULL DEFAULT now(),
    expires_at     timestamptz NOT NULL,
    rotated_at     timestamptz NULL,
    revoked_at     timestamptz NULL
);

CREATE UNIQUE INDEX auth_tokens_access_key_id_key ON auth_tokens (access_key_id);
CREATE UNIQUE INDEX auth_tokens_refresh_hash_key ON auth_tokens (refresh_hash);
CREATE INDEX auth_tokens_line_id_idx ON auth_tokens (line_id);
CREATE INDEX auth_tokens_user_id_idx ON auth_tokens (user_id);

COMMENT ON INDEX auth_tokens_pkey IS 'Tokens by id: which of the open sockets'' are revoked or expired.';
COMMENT ON INDEX auth_tokens_access_key_id_key IS 'The token a request was signed with. No two tokens share an access key.';
COMMENT ON INDEX auth_tokens_refresh_hash_key IS 'The token of a refresh token, rotated ones included, so that a second use is seen.';
COMMENT ON INDEX auth_tokens_line_id_idx IS 'Revoke a whole line when one of its refresh tokens is used twice.';
COMMENT ON INDEX auth_tokens_user_id_idx IS 'All tokens of a user: revoke them all, and the foreign key''s own check.';
