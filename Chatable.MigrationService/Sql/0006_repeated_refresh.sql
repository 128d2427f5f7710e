-- The answer to a refresh can be lost on its way. A refresh token may therefore be given again until a token it was exchanged for is used.
-- What was exchanged before this script, or is by a replica that does not know it, can not: to give it again is reuse.

ALTER TABLE auth_tokens ADD COLUMN parent_id bigint NULL;    -- the token it was given for; no foreign key, that one expires earlier
ALTER TABLE auth_tokens ADD COLUMN is_repeatable boolean NOT NULL DEFAULT false;    -- exchanged, and no successor used yet

COMMENT ON INDEX auth_tokens_line_id_idx IS
    'Revoke a whole line when one of its refresh tokens is reused; the successors of a refresh token that is given again.';
COMMENT ON INDEX auth_tokens_refresh_hash_key IS 'The token of a refresh token, rotated ones included, so that reuse is seen.';
