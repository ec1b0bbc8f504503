#!/bin/sh
# The browser tests drive Debian's Chromium: install it when we may, else print the one line to run.
set -eu
command -v chromium >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null
    exit 0
fi
echo "The browser tests need Chromium: sudo apt-get install -y chromium" >&2
exit 1
