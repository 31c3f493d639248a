#!/bin/sh
# Makes the certificates of an installation in secrets/: an authority of its own,
# and what it says of NATS and PostgreSQL. Arguments are further names by which
# services reach both: tls.sh nats.example.org
#
# Again, it makes new certificates of the same authority. ca_key signs them;
# keep it elsewhere. Services need ca_cert alone.
set -eu
umask 077
cd "$(dirname "$0")"
mkdir -p secrets
cd secrets
key="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
if [ ! -e ca_key ]; then
	# shellcheck disable=SC2086
	openssl req -x509 $key -keyout ca_key -out ca_cert -days 3650 -subj "/CN=Laurel" \
		-addext "keyUsage=critical,keyCertSign"
fi
for server in nats postgres; do
	names="DNS:$server,DNS:localhost,IP:127.0.0.1"
	for name in "$@"; do names="$names,DNS:$name"; done
	printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth\n' "$names" >extensions
	# shellcheck disable=SC2086
	openssl req $key -keyout "${server}_key" -out request -subj "/CN=$server"
	openssl x509 -req -in request -out "${server}_cert" -CA ca_cert -CAkey ca_key -CAcreateserial -days 825 -extfile extensions
	rm request extensions
done
rm -f ca_cert.srl
chmod 644 ./*_cert
