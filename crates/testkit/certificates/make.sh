#!/bin/sh
# Makes the certificates of the tests: an authority, a server on 127.0.0.1 and a client, all for a hundred years.
set -eu
cd "$(dirname "$0")"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj "/CN=Flagstaff test authority" \
    -addext "basicConstraints=critical,CA:TRUE" -keyout authority.key -out authority.pem
for name in server client; do
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=Flagstaff test $name" -keyout "$name.key" -out "$name.csr"
    printf 'basicConstraints=CA:FALSE\nsubjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=%sAuth\n' "$name" > "$name.ext"
    openssl x509 -req -in "$name.csr" -CA authority.pem -CAkey authority.key -CAcreateserial -days 36500 -extfile "$name.ext" -out "$name.pem"
done
rm -f ./*.csr ./*.ext ./*.srl authority.key
