-- What a published product commits to, and the salt that hides it. Null of versions before.
ALTER TABLE product ADD COLUMN fingerprint TEXT;
ALTER TABLE product ADD COLUMN salt TEXT;
