#!/bin/sh
# Sends a signal to a process: send_signal.sh NAME PID. One that has ended already is no error.
kill -s "$1" "$2" 2>/dev/null
