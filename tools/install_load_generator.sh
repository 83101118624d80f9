#!/usr/bin/env bash
# Installs h2load for `make bench` where this may be done without asking; elsewhere says how.
set -euo pipefail

if command -v h2load >/dev/null; then
    exit 0
fi
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && apt-get install -y -qq --no-install-recommends nghttp2-client && exit 0
fi
echo "h2load is missing, so most figures can't be measured; on Debian: apt install nghttp2-client" >&2
