-- Whether two names are one must not depend on the database's locale: with a Turkish one lower('I') is ı, so that IRIS and iris were two
-- users, of whom the services took one for the other. COLLATE "C" folds the letters of ASCII and no others, as the services do.

DO $$
DECLARE
    names text;
    addresses text;
BEGIN
    SELECT string_agg(same, '; ') INTO names FROM (
        SELECT string_agg(username || ' (user ' || id || ')', ', ' ORDER BY id) AS same
        FROM users GROUP BY lower(username COLLATE "C") HAVING count(*) > 1
        ORDER BY min(id) LIMIT 100) collisions;
    SELECT string_agg(same, '; ') INTO addresses FROM (
        SELECT 'users ' || string_agg(id::text, ', ' ORDER BY id) AS same
        FROM users GROUP BY lower(email COLLATE "C") HAVING count(*) > 1
        ORDER BY min(id) LIMIT 100) collisions;
    IF names IS NOT NULL OR addresses IS NOT NULL THEN
        RAISE EXCEPTION '%', concat_ws(' ',
            'Some users differ in letter case only. Rename all but one of each, then migrate again.',
            'Usernames: ' || names || '.', 'Email addresses: ' || addresses || '.');
    END IF;
END
$$;

DROP INDEX users_username_key;
DROP INDEX users_email_key;
CREATE UNIQUE INDEX users_username_key ON users (lower(username COLLATE "C"));
CREATE UNIQUE INDEX users_email_key ON users (lower(email COLLATE "C"));

COMMENT ON INDEX users_username_key IS 'A user by name: login, recipient of a message, partner of a thread. Registration: one user a name.';
COMMENT ON INDEX users_email_key IS 'Registration: one user an email address.';
