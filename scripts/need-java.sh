#!/bin/sh
# The tests of Spark need Java 17 or newer: install it when we may, else print the one line to run.
set -eu
command -v java >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq openjdk-17-jre-headless >/dev/null
    exit 0
fi
echo "The tests of Spark need Java: sudo apt-get install -y openjdk-17-jre-headless" >&2
exit 1
