#!/bin/sh
# Stands in for pg_dump, mysqldump and the like: prints a small database as SQL.
set -e
echo 'CREATE TABLE birds (id INTEGER PRIMARY KEY, name TEXT);'
id=0
for name in robin wren "house sparrow" blackbird; do
  id=$((id + 1))
  echo "INSERT INTO birds VALUES ($id, '$name');"
done
