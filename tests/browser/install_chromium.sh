#!/bin/sh
# Install Debian's Chromium where it is missing and apt may; otherwise say how to get one.
set -eu
for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null 2>&1; then exit 0; fi
done
if command -v apt-get >/dev/null 2>&1; then
    if [ "$(id -u)" = 0 ]; then sudo=""; else sudo="sudo -n"; fi
    if $sudo apt-get update -qq && $sudo apt-get install -y -qq chromium >/dev/null; then exit 0; fi
fi
echo "browser tests: expected Chromium on the PATH, found none: install it, for instance with" \
     "'sudo apt-get install chromium', and run make test again" >&2
exit 1
