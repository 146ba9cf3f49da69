-- a dump
CREATE TABLE a (b int);
INSERT INTO a VALUES (1);
