#!/bin/sh
# Words in all recipes beside this script.
cat "$(dirname "$0")"/*.md | wc -w
