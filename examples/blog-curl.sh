#!/usr/bin/env bash
# Signs one blog event after Standard Webhooks and sends it to a Kotomori receiver. Needs openssl and curl.
#
#   export KOTOMORI_BLOG_SECRET=whsec_…
#   ./blog-curl.sh https://kotomori.example.jp/webhook/blog/wako comment.json [ID]
#
# The same file has the same id, so sending it again is a repeat. To send it once more as an event of its own, give an ID.
set -euo pipefail

die() { echo "blog-curl.sh: $*" >&2; exit 2; }
[ $# -eq 2 ] || [ $# -eq 3 ] || die "usage: blog-curl.sh URL FILE [ID]"
url=$1 file=$2
[ -r "$file" ] || die "$file cannot be read"
[ -n "${KOTOMORI_BLOG_SECRET:-}" ] || die "KOTOMORI_BLOG_SECRET is not set"

key=$(printf %s "${KOTOMORI_BLOG_SECRET#whsec_}" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n')
[ ${#key} -ge 48 ] && [ ${#key} -le 128 ] || die "KOTOMORI_BLOG_SECRET is not whsec_ and the base64 of 24 to 64 bytes"

# HMAC-SHA256 by hand: given to openssl as an argument, the key could be read in the list of processes.
inner='' outer=''
for ((i = 0; i < 128; i += 2)); do
  byte=$((16#${key:i:2}0 / 16))
  inner+=$(printf '\\x%02x' $((byte ^ 0x36)))
  outer+=$(printf '\\x%02x' $((byte ^ 0x5c)))
done
hmac() {
  { printf '%b' "$outer"; { printf '%b' "$inner"; cat; } | openssl dgst -sha256 -binary; } |
    openssl dgst -sha256 -binary | openssl base64 -A
}

id=${3:-msg_$(openssl dgst -sha256 -r "$file" | cut -c1-32)}
now=$(date +%s)
signature=$({ printf '%s.%s.' "$id" "$now"; cat "$file"; } | hmac)

status=$(curl -sS --max-time 30 -o /dev/stderr -w '%{http_code}' \
  -H 'Content-Type: application/json' \
  -H "webhook-id: $id" -H "webhook-timestamp: $now" -H "webhook-signature: v1,$signature" \
  --data-binary "@$file" "$url") || die "no answer from $url"
echo >&2
echo "$status"
[ "$status" = 200 ]
