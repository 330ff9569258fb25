CREATE OR REPLACE VIEW contents AS
SELECT * FROM {where}.contents;
