-- A client id names one message of its author. What comes again under it is told from another message by a hash of what was sent: the
-- conversation, the type and the text. Messages stored before this have none; theirs is made from the row itself.

ALTER TABLE messages ADD COLUMN fingerprint uuid NULL;
