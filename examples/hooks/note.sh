#!/bin/sh
# Writes down when bat called it. In earnest this would mount a disk, stop a service or send a message.
echo "$1: plan $BAT_PLAN, status $BAT_STATUS, exit code $BAT_EXIT_CODE" >> work/hooks.txt
